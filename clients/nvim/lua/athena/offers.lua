---What the user is offered for each argument of a command (`athena.Source`).

local async = require("athena.async")
local client = require("athena.client")
local places = require("athena.places")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---@class athena.Asking
---@field command athena.Command
---@field argument athena.Argument
---@field given athena.Given
---@field params table what is known so far

---The directory that the user works in, as a project.
---@return string
function M.project()
  return vim.fn.getcwd()
end

---Choose, where there is something to choose from.
---@param asking athena.Asking
---@param items athena.Choosable[]
---@param none? string
---@return any
local function pick(asking, items, none)
  if #items == 0 then
    async.fail(none or ("there is no %s"):format(asking.argument.title:lower()))
  end
  local prompt = ("%s: %s"):format(asking.command.title, asking.argument.title)
  return async.select(items, prompt, "athena." .. asking.argument.source)
end

---@param choices athena.Choice[]
---@return athena.Choosable[]
local function choosable(choices)
  return vim.tbl_map(function(choice)
    local about = choice.description and " – " .. choice.description or ""
    return { label = choice.name .. about, value = choice.id }
  end, choices)
end

---@param asking athena.Asking
---@return athena.AgentDetail?
local function detail(asking)
  local agent = asking.params.agent or asking.given.agent
  return agent and client.call("athena/agent/get", { agent = agent }) or nil
end

---What the agent can, or the harness of an agent that is not there yet.
---@param asking athena.Asking
---@return athena.Capabilities?
local function abilities(asking)
  local agent = detail(asking)
  local name = asking.params.harness or asking.given.harness
  if agent then
    return agent.capabilities
  elseif name then
    local found = client.call("athena/harness/list", { project = M.project() }).harnesses
    for _, harness in ipairs(found) do
      if harness.name == name then
        return harness.capabilities
      end
    end
  end
end

---One of what a harness offers, or what the user names.
---@param asking athena.Asking
---@param offered athena.Choice[]?
---@return string?
local function pick_or_name(asking, offered)
  local items = choosable(offered or {})
  if #items == 0 then
    local name = async.input(asking.argument.title)
    return name ~= "" and name or nil
  end
  return pick(asking, items)
end

---@param agent athena.AgentView
---@return athena.Choosable
local function agent_item(agent)
  local icon, status = words.status(agent)
  local about = agent.title and " – " .. words.line(agent.title, 40) or ""
  return { label = ("%s %s (%s)%s"):format(icon, agent.name, status, about), value = agent.id }
end

---@param path string
---@return string
local function whole_path(path)
  return vim.fs.normalize(vim.fn.fnamemodify(path, ":p"))
end

---A new worktree in other repositories too, which are asked for until there is no more.
---@return athena.WorkspaceSpec?
local function in_others()
  local also = {}
  while true do
    local names = table.concat(vim.tbl_map(vim.fs.basename, also), ", ")
    local question = #also == 0 and "A folder of another repository"
      or ("And another, besides %s (empty: no more)"):format(names)
    local folder = async.input(question, nil, "dir")
    if not folder and #also == 0 then
      return nil
    elseif not folder or folder == "" then
      return { kind = "new", also = #also > 0 and also or nil }
    end
    table.insert(also, whole_path(folder))
  end
end

---@type table<string, fun(asking: athena.Asking): any>
local OFFERS = {
  agent = function(asking)
    require("athena.commands").ready()
    local agents = require("athena.commands").fitting(asking.command)
    if asking.command.when and asking.command.when.archived then
      agents = vim.tbl_filter(function(agent)
        return agent.archived
      end, client.call("athena/agent/list", { archived = true }).agents)
    end
    if #agents == 1 then
      return agents[1].id
    end
    return pick(
      asking,
      vim.tbl_map(agent_item, agents),
      "there is no agent that this is possible for"
    )
  end,
  agents = function(asking)
    require("athena.commands").ready()
    local chosen = {}
    local all = state.list()
    if #all < 2 then
      async.fail("it takes two agents")
    end
    if #all == 2 then
      return { all[1].id, all[2].id }
    end
    for _ = 1, 2 do
      local rest = vim.tbl_filter(function(agent)
        return not vim.tbl_contains(chosen, agent.id)
      end, all)
      local id = pick(asking, vim.tbl_map(agent_item, rest))
      if not id then
        return nil
      end
      table.insert(chosen, id)
    end
    return chosen
  end,
  archetype = function(asking)
    local found = client.call("athena/archetype/list", { project = M.project() }).archetypes
    return pick(
      asking,
      vim.tbl_map(function(one)
        return { label = ("%s – %s"):format(one.name, one.description or ""), value = one.name }
      end, found)
    )
  end,
  harness = function(asking)
    local found = client.call("athena/harness/list", { project = M.project() }).harnesses
    table.sort(found, function(a, b)
      if a.installed ~= b.installed then
        return a.installed
      end
      return a.name < b.name
    end)
    return pick(
      asking,
      vim.tbl_map(function(one)
        local about = one.installed and (one.version or "") or (one.hint or "not installed")
        -- A list of numbered lines asks again for each line that it fills.
        local label = words.line(("%s  %s"):format(one.title, about), vim.o.columns - 8)
        return { label = label, value = one.name }
      end, found)
    )
  end,
  choice = function(asking)
    return pick(
      asking,
      vim.tbl_map(function(value)
        return { label = value, value = value }
      end, asking.argument.choices or {})
    )
  end,
  flag = function(asking)
    return pick(asking, { { label = "Yes", value = true }, { label = "No", value = false } })
  end,
  directory = function(asking)
    return async.input(asking.argument.title, M.project(), "dir")
  end,
  file = function(asking)
    local path = async.input(asking.argument.title, nil, "file")
    return path and vim.fn.fnamemodify(path, ":p")
  end,
  line = function(asking)
    local text = async.input(("%s: %s"):format(asking.command.title, asking.argument.title))
    return text ~= "" and text or nil
  end,
  mode = function(asking)
    local able = abilities(asking)
    return pick_or_name(asking, able and able.modes)
  end,
  model = function(asking)
    local able = abilities(asking)
    return pick_or_name(asking, able and able.models)
  end,
  workspace = function(asking)
    local items = {
      { label = "A new worktree", value = { kind = "new" } },
      { label = "A new worktree, in other repositories too", value = { kind = "new", also = {} } },
      { label = "The project itself", value = { kind = "none" } },
    }
    for _, agent in ipairs(state.list()) do
      if agent.workspace and not agent.archived then
        local value = { kind = "existing", agent = agent.name }
        table.insert(items, { label = "Where " .. agent.name .. " works", value = value })
      end
    end
    local chosen = pick(asking, items)
    return chosen and chosen.also and in_others() or chosen
  end,
  option = function(asking)
    local agent = assert(detail(asking))
    return pick(
      asking,
      choosable(agent.capabilities.options --[[@as athena.Choice[] ]]),
      "its harness offers no options"
    )
  end,
  optionValue = function(asking)
    local agent = assert(detail(asking))
    for _, option in ipairs(agent.capabilities.options) do
      if option.id == asking.params.option and #option.choices > 0 then
        return pick(asking, choosable(option.choices))
      end
    end
    return pick(asking, { { label = "On", value = true }, { label = "Off", value = false } })
  end,
  queuedPrompt = function(asking)
    local queue = assert(detail(asking)).queue
    if #queue == 1 then
      return queue[1].promptId
    end
    return pick(
      asking,
      vim.tbl_map(function(prompt)
        return { label = words.line(words.content(prompt.content)), value = prompt.promptId }
      end, queue),
      "no prompt waits"
    )
  end,
  repository = function(asking)
    local agent = state.agents[asking.params.agent or asking.given.agent]
    local found = vim.tbl_filter(function(place)
      return not place.submodule
    end, places.of(agent))
    if #found < 2 then
      return places.OWN
    end
    return pick(
      asking,
      vim.tbl_map(function(place)
        local branch = place.branch and (" (%s)"):format(place.branch) or ""
        return { label = place.title .. branch, value = place.name }
      end, found)
    )
  end,
  request = function(asking)
    require("athena.commands").ready()
    local requests = state.requests()
    if #requests == 1 then
      return requests[1].requestId
    end
    return pick(
      asking,
      vim.tbl_map(function(request)
        local label = ("%s: %s"):format(request.agentName, words.request(request))
        return { label = label, value = request.requestId }
      end, requests),
      "nothing waits for you"
    )
  end,
  rescue = function(asking)
    local found = client.call("athena/rescue/list", { project = M.project() }).rescues
    return pick(
      asking,
      vim.tbl_map(function(one)
        local label = ("%s  %s  %s"):format(
          os.date("%F %H:%M", one.at / 1000),
          one.reason,
          one.path
        )
        return { label = label, value = one.ref }
      end, found),
      "no work was captured"
    )
  end,
  session = function(asking)
    local found = vim.tbl_filter(function(one)
      return one.state == "new" or one.state == "changed"
    end, client.call("athena/session/list", {}).sessions)
    return pick(
      asking,
      vim.tbl_map(function(one)
        local at = os.date("%F %H:%M", math.floor(one.modifiedAt / 1000))
        local title = words.line(one.title ~= "" and one.title or one.sessionId, 60)
        return { label = ("%s  %s  %s"):format(at, one.harness, title), value = one.sessionId }
      end, found),
      "no session was made outside"
    )
  end,
  rule = function(asking)
    local decision = async.select({
      { label = "Allow without asking", value = "allow" },
      { label = "Reject without asking", value = "reject" },
      { label = "Always ask", value = "ask" },
    }, asking.command.title)
    local command = decision and async.input("A command line, such as npm test*")
    return command
        and command ~= ""
        and { decision = decision, tool = "execute", command = command }
      or nil
  end,
  ruleIndex = function(asking)
    local found = client.call("athena/rule/list", { project = M.project() }).rules
    local items = {}
    for index, rule in ipairs(found) do
      table.insert(items, { label = M.rule_words(rule), value = index - 1 })
    end
    return pick(asking, items, "there are no permission rules")
  end,
  comment = function(asking)
    local agent = asking.params.agent
    local found = client.call("athena/review/listComments", { agent = agent }).comments
    local items = {}
    for _, comment in ipairs(found) do
      if comment.state ~= "resolved" then
        local label = ("%s:%d %s"):format(comment.path, comment.line, words.line(comment.text))
        table.insert(items, { label = label, value = comment.commentId })
      end
    end
    return pick(asking, items, "there are no open comments")
  end,
  changedFile = function(asking)
    local repository = places.named(asking.params.repository)
    local asked = { agent = asking.params.agent, repository = repository }
    local found = client.call("athena/changeset/get", asked).files
    return pick(
      asking,
      vim.tbl_map(function(file)
        return { label = file.path, value = file.path }
      end, found),
      "no file changed"
    )
  end,
  undo = function(asking)
    local found = client.call("athena/rescue/list", { agent = asking.params.agent }).rescues
    return pick(
      asking,
      vim.tbl_map(function(one)
        local label = ("%s  %s"):format(os.date("%F %H:%M", one.at / 1000), one.reason)
        return { label = label, value = one.ref }
      end, found),
      "there is nothing to undo"
    )
  end,
}
OFFERS.branch = OFFERS.line
OFFERS.prompt = OFFERS.line
OFFERS.document = function()
  async.fail("the current buffer is no file")
end

---@param rule athena.Rule
---@return string
function M.rule_words(rule)
  local parts = { rule.decision }
  for _, name in ipairs({ "tool", "name", "command", "path", "host", "harness" }) do
    if rule[name] then
      table.insert(parts, rule[name])
    end
  end
  return table.concat(parts, " ")
end

---The agent in view: of this buffer, whatever it shows.
---@return string?
function M.agent_here()
  for _, view in ipairs({ "ui.agents", "ui.transcript", "ui.prompt", "review.buffers" }) do
    local loaded = package.loaded["athena." .. view]
    local id = loaded and loaded.current()
    if id then
      return id
    end
  end
  return vim.b.athena_agent
end

local function file_here()
  local name = vim.api.nvim_buf_get_name(0)
  if vim.bo.buftype == "" and name ~= "" and not name:find("^%w+://") then
    return vim.fs.normalize(vim.fn.fnamemodify(name, ":p"))
  end
end

---Values that come from where the user is.
---@type table<string, fun(given: athena.Given): any>
local PLACE = {
  document = file_here,
  documentText = function()
    return vim.bo.modified
        and file_here()
        and table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
      or nil
  end,
  firstLine = function(given)
    return given.range and given.range[1] or vim.fn.line(".")
  end,
  lastLine = function(given)
    return given.range and given.range[2] or vim.fn.line(".")
  end,
  selection = function(given)
    return given.range and require("athena.context").content(given.range[1], given.range[2]) or nil
  end,
}

---Whether an argument is taken from where the user is, and never typed.
---@param argument athena.Argument
---@return boolean
function M.from_place(argument)
  return PLACE[argument.source] ~= nil
end

---The value of an argument that need not be asked for; nil when there is none.
---@param argument athena.Argument
---@param given athena.Given
---@return any
function M.quiet(argument, given)
  local place = PLACE[argument.source]
  if place then
    return place(given)
  elseif argument.source == "agent" then
    return M.agent_here()
  elseif argument.source == "repository" then
    local review = package.loaded["athena.review.buffers"]
    return review and review.repository(given.agent) or nil
  elseif argument.source == "directory" and argument.name == "project" then
    return M.project()
  elseif argument.source == "request" then
    local inbox = package.loaded["athena.ui.inbox"]
    return inbox and inbox.current() or nil
  end
end

---Ask the user for an argument.
---@param command athena.Command
---@param argument athena.Argument
---@param given athena.Given
---@param params table
---@return any
function M.ask(command, argument, given, params)
  local offer = OFFERS[argument.source] or OFFERS.line
  return offer({ command = command, argument = argument, given = given, params = params })
end

---The value of what was typed for an argument.
---@param argument athena.Argument
---@param text string
---@return any
function M.parse(argument, text)
  local source = argument.source
  if source == "flag" then
    return text == "" or text == "true" or text == "yes" or text == "1"
  elseif source == "workspace" then
    if vim.tbl_contains({ "new", "none" }, text) then
      return { kind = text }
    elseif vim.startswith(text, "new,") then
      local also = vim.split(text:sub(5), ",", { trimempty = true })
      return { kind = "new", also = vim.tbl_map(whole_path, also) }
    end
    return { kind = "existing", path = vim.fn.fnamemodify(text, ":p") }
  elseif source == "directory" or source == "file" then
    return whole_path(text)
  elseif vim.tbl_contains({ "changedFiles", "hunks", "hazards" }, source) then
    return vim.split(text, ",", { trimempty = true })
  elseif vim.tbl_contains({ "firstLine", "lastLine", "ruleIndex" }, source) then
    return tonumber(text)
  elseif source == "agent" then
    local agent = state.find(text)
    return agent and agent.id or text
  end
  return text
end

return M
