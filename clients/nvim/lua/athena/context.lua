---What is selected, or covered by a motion, as context for an agent.

local async = require("athena.async")
local client = require("athena.client")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---Some lines of the current buffer: a link where the file has them, else the text itself.
---@param first integer
---@param last integer
---@return athena.ContentBlock[]
function M.content(first, last)
  local path = vim.api.nvim_buf_get_name(0)
  local name = path ~= "" and vim.fn.fnamemodify(path, ":~:.") or "selection"
  local on_disk = vim.bo.buftype == "" and vim.uv.fs_stat(path) ~= nil
  if on_disk and not vim.bo.modified then
    return {
      {
        type = "resource_link",
        uri = vim.uri_from_fname(path),
        name = name,
        line = first,
        endLine = last,
      },
    }
  end
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  local uri = on_disk and vim.uri_from_fname(path) or ("buffer:%d"):format(vim.fn.bufnr())
  return {
    {
      type = "resource",
      uri = ("%s#L%d-L%d"):format(uri, first, last),
      text = table.concat(lines, "\n"),
      mimeType = "text/plain",
    },
  }
end

---What is wrong in some lines, as Neovim's diagnostics say.
---@param first integer
---@param last integer
---@return string[]
local function problems(first, last)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.lnum + 1 >= first and one.lnum + 1 <= last then
      table.insert(found, ("- line %d: %s"):format(one.lnum + 1, words.line(one.message, 200)))
    end
  end
  return found
end

---Choose who is to do it: an agent, or a new one.
---@param verb string
---@return string? agent
---@return boolean new
local function choose_agent(verb)
  require("athena.commands").ready()
  local choices = { { label = "A new agent", value = true } }
  for _, agent in ipairs(state.list()) do
    if not agent.archived then
      local icon, status = words.status(agent)
      local label = ("%s %s (%s)"):format(icon, agent.name, status)
      table.insert(choices, { label = label, value = agent.id })
    end
  end
  local chosen = #choices == 1 and true or async.select(choices, verb, "athena.agent")
  return type(chosen) == "string" and chosen or nil, chosen == true
end

---@type table<string, fun(first: integer, last: integer)>
local ACTIONS = {
  ask = function(first, last)
    local content = M.content(first, last)
    local agent, new = choose_agent("Ask")
    if agent then
      require("athena.ui.prompt").to_agent(agent, { content = content })
    elseif new then
      require("athena.commands").run("spawn", { content = content })
    end
  end,
  fix = function(first, last)
    local content, wrong = M.content(first, last), problems(first, last)
    local text = "Fix this."
    if #wrong > 0 then
      text = "Fix this:\n" .. table.concat(wrong, "\n")
    end
    local agent, new = choose_agent("Fix")
    if agent then
      client.call("athena/agent/prompt", {
        agent = agent,
        text = text,
        content = content,
        commandId = client.command_id(),
      })
      words.tell(("sent to %s"):format(state.agents[agent].name))
    elseif new then
      require("athena.commands").run("spawn", { prompt = text, content = content })
    end
  end,
}

local pending = "ask"

---For `<Plug>(athena-operator-…)`: an operator, to be followed by a motion or used on a selection.
---@param name "ask"|"fix"
---@return string
function M.operator(name)
  pending = name
  vim.o.operatorfunc = "v:lua.require'athena.context'.operate"
  return "g@"
end

---For 'operatorfunc'.
function M.operate()
  local first, last = vim.fn.line("'["), vim.fn.line("']")
  async.run(function()
    ACTIONS[pending](first, last)
  end)
end

return M
