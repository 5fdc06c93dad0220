---What completion of `:Athena` offers for each argument of a command.

local client = require("athena.client")
local offers = require("athena.offers")
local places = require("athena.places")
local state = require("athena.state")

local M = {}

---What was named before, in the same command line.
---@class athena.Named
---@field agent? string id
---@field harness? string
---@field repository? string

---The names of what a method lists.
---@param method athena.Method
---@param field string
---@return string[]
local function names(method, field)
  local result = client.now(method, { project = offers.project() })
  return vim.tbl_map(function(one)
    return one.name
  end, result and result[field] or {})
end

---@param list { id: string }[]
---@return string[]
local function ids(list)
  return vim.tbl_map(function(one)
    return one.id
  end, list)
end

---@param of athena.Named
---@return athena.Capabilities?
local function capabilities(of)
  if of.harness then
    local found = client.now("athena/harness/list", { project = offers.project() })
    for _, harness in ipairs(found and found.harnesses or {}) do
      if harness.name == of.harness then
        return harness.capabilities
      end
    end
    return nil
  end
  local found = of.agent and client.now("athena/agent/get", { agent = of.agent })
  return found and found.capabilities
end

---@param of athena.Named
---@return string[]
local function changed_files(of)
  local asked = { agent = of.agent, repository = of.repository }
  local found = of.agent and client.now("athena/changeset/get", asked)
  return vim.tbl_map(function(file)
    return file.path
  end, found and found.files or {})
end

---Wait a little until the agents are known.
local function know_agents()
  if not state.cursor then
    client.start()
    vim.wait(1000, function()
      return state.cursor ~= nil
    end, 5)
  end
end

---@param _ athena.Named
---@param command? athena.Command
---@return string[]
local function agents_for(_, command)
  know_agents()
  local agents = command and require("athena.commands").fitting(command) or state.list()
  return vim.tbl_map(function(agent)
    return agent.name
  end, agents)
end

---@type table<string, fun(of: athena.Named, command?: athena.Command, argument: athena.Argument): string[]>
local VALUES = {
  agent = agents_for,
  agents = agents_for,
  harness = function()
    return names("athena/harness/list", "harnesses")
  end,
  archetype = function()
    return names("athena/archetype/list", "archetypes")
  end,
  choice = function(_, _, argument)
    return argument.choices or {}
  end,
  flag = function()
    return { "yes", "no" }
  end,
  workspace = function()
    return { "new", "none" }
  end,
  branch = function()
    local command_line = { "git", "for-each-ref", "--format=%(refname:short)", "refs/heads" }
    local done = vim.system(command_line, { text = true }):wait(1000)
    return vim.split(done.stdout or "", "\n", { trimempty = true })
  end,
  repository = function(of)
    know_agents()
    return vim.tbl_map(function(place)
      return place.title
    end, places.of(state.agents[of.agent]))
  end,
  mode = function(of)
    local found = capabilities(of)
    return found and ids(found.modes) or {}
  end,
  model = function(of)
    local found = capabilities(of)
    return found and ids(found.models) or {}
  end,
  option = function(of)
    local found = capabilities(of)
    return found and ids(found.options) or {}
  end,
  turn = function(of)
    local agent = of.agent
    local page = agent and client.now("athena/transcript/page", { agent = agent, limit = 1 })
    local last = page and page.turns[#page.turns]
    local found = {}
    for number = 1, last and tonumber(last.turnId:match("%.t(%d+)$")) or 0 do
      table.insert(found, ("%s.t%d"):format(agent, number))
    end
    return found
  end,
  changedFile = changed_files,
  changedFiles = changed_files,
}

---Values of an argument.
---@param argument athena.Argument
---@param command? athena.Command
---@param of athena.Named
---@return string[]
function M.values(argument, command, of)
  local values = VALUES[argument.source]
  of = vim.tbl_extend("keep", of, { agent = offers.agent_here() })
  return values and values(of, command, argument) or {}
end

---Files and folders that begin so.
---@param source string
---@param lead string
---@return string[]?
function M.paths(source, lead)
  local before, last = lead:match("^(new,.-)([^,]*)$")
  if source == "workspace" and before and last then
    return vim.tbl_map(function(folder)
      return before .. folder
    end, vim.fn.getcompletion(last, "dir"))
  elseif source == "file" or source == "directory" then
    return vim.fn.getcompletion(lead, source == "file" and "file" or "dir")
  end
end

return M
