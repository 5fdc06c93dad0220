---`:Athena <word>`: every command of the catalogue, asked for what it needs, and its result shown.

local async = require("athena.async")
local client = require("athena.client")
local generated = require("athena.generated")
local state = require("athena.state")

require("athena.ui.request")

local M = {}

---@type table<string, athena.Command>
local by_word = {}
for _, command in ipairs(generated.commands) do
  by_word[command.word] = command
end

---Commands that only this client has.
---@type table<string, athena.Command>
local OWN = {
  replay = {
    id = "athena.replay.open",
    word = "replay",
    title = "Replay Transcript",
    category = "Transcript",
    summary = "Step through what an agent said and did.",
    icon = "debug",
    arguments = { { name = "agent", title = "Agent", source = "agent", required = true } },
    when = {},
  },
  restart = {
    id = "athena.client.restart",
    word = "restart",
    title = "Connect Anew",
    category = "System",
    summary = "Connect to Athena anew; agents go on.",
    icon = "refresh",
    arguments = {},
  },
}

---@class athena.Given: table<string, any>
---@field range? { [1]: integer, [2]: integer } selected lines of the current buffer
---@field placement? "split"|"vsplit"|"tab" where a view opens, else in the current window

---@param word string
---@return athena.Command?
function M.find(word)
  return by_word[word] or OWN[word]
end

---All words, those of this client included.
---@return string[]
function M.words()
  local all = vim.list_extend(vim.tbl_keys(by_word), vim.tbl_keys(OWN))
  table.sort(all)
  return all
end

local function offers()
  return require("athena.offers")
end

---Whether another argument is given, which stands for it.
---@param command athena.Command
---@param argument athena.Argument
---@param given athena.Given
---@return boolean
local function is_replaced(command, argument, given)
  for _, other in ipairs(command.arguments) do
    if other.insteadOf == argument.name and given[other.name] ~= nil then
      return true
    end
  end
  return false
end

---The parameters of a command; nil when the user left.
---@param command athena.Command
---@param given athena.Given
---@return table?
function M.complete_params(command, given)
  local params = {}
  for name, value in pairs(command.preset or {}) do
    params[name] = value
  end
  for _, argument in ipairs(command.arguments) do
    local value = given[argument.name]
    if value == nil and not argument.insteadOf then
      value = offers().quiet(argument, given)
    end
    local needed = argument.required or argument.source == "repository"
    if value == nil and needed and not is_replaced(command, argument, given) then
      value = offers().ask(command, argument, given, params)
      if value == nil then
        return nil
      end
    end
    params[argument.name] = value
  end
  params.repository = require("athena.places").named(params.repository)
  return params
end

---@param command athena.Command
---@param params table
---@return boolean
local function sure(command, params)
  if not command.destructive then
    return true
  end
  local agent = params.agent and state.agents[params.agent]
  local whom = agent and (": %s"):format(agent.name) or ""
  return async.confirm(("%s%s?"):format(command.title, whom), command.title)
end

---Send the request; where Athena refuses to destroy work, the user may insist.
---@param command athena.Command
---@param params table
---@return any result nil when the user left
local function send(command, params)
  local method = assert(command.method, command.word)
  local failure, result = async.await(function(resume)
    client.request(method, params, resume)
  end)
  local hazards = failure and failure.data and failure.data.hazards
  if failure and not (type(hazards) == "table" and method == "athena/workspace/remove") then
    error(failure, 0)
  elseif failure then
    local question = failure.message .. " " .. table.concat(vim.tbl_values(hazards), " ")
    if not async.confirm(question, "Go on in spite of it") then
      return nil
    end
    params.insist = vim.tbl_keys(hazards)
    return client.call(method, params)
  end
  return result
end

---The general way: ask for what is missing, send, show.
---@param command athena.Command
---@param given athena.Given
function M.general(command, given)
  local params = M.complete_params(command, given)
  if not params or not sure(command, params) then
    return
  end
  local result = send(command, params)
  if result ~= nil then
    require("athena.results").show(command, params, result)
  end
end

---Run a command with what is known of its arguments.
---@param word string
---@param given? athena.Given
function M.run(word, given)
  local command = M.find(word)
  if not command then
    return async.report(("there is no command %s; :Athena <Tab> lists them"):format(word))
  end
  given = vim.tbl_extend("force", {}, given or {})
  async.run(function()
    client.start()
    if type(given.agent) == "string" then
      local agent = state.find(given.agent)
      given.agent = agent and agent.id or given.agent
    end
    if given.repository then
      local agent = state.agents[given.agent or offers().agent_here()]
      given.repository = require("athena.places").called(agent, given.repository)
    end
    local special = require("athena.specials")[command.id]
    if special then
      special(command, given)
    else
      M.general(command, given)
    end
  end)
end

---What may hold spaces: named, it takes all that follows it.
---@param argument athena.Argument
---@return boolean
local function is_text(argument)
  return argument.source == "prompt"
end

---The arguments of a command that are typed, and not taken from where the user is.
---@param command athena.Command
---@return athena.Argument[] ordered
---@return table<string, athena.Argument> named
local function typed_arguments(command)
  local found, named = {}, {}
  for _, argument in ipairs(command.arguments) do
    named[argument.name] = argument
    if not offers().from_place(argument) then
      table.insert(found, argument)
    end
  end
  return found, named
end

---Take an agent, or the agents, from the words that come first.
---@param arguments athena.Argument[]
---@param given athena.Given
---@param word string
---@return boolean taken
local function take_agent(arguments, given, word)
  local agent = state.find(word)
  local source = arguments[1] and arguments[1].source
  if source == "agent" and agent and not given[arguments[1].name] then
    given[arguments[1].name] = agent.id
    return true
  elseif source == "agents" then
    given.agents = given.agents or {}
    table.insert(given.agents, agent and agent.id or word)
    return true
  end
  return false
end

---What was typed after the word: the agent and `name=value` in any order, and the rest is text.
---@param command athena.Command
---@param words_typed string[]
---@return athena.Given
function M.parse(command, words_typed)
  local given = {}
  local arguments, named = typed_arguments(command)
  local position = 1
  while words_typed[position] do
    local word = words_typed[position]
    local name, value = word:match("^(%a+)=(.*)$")
    local argument = name and named[name]
    if argument and is_text(argument) then
      given[name] = table.concat({ value, unpack(words_typed, position + 1) }, " ")
      return given
    elseif argument then
      given[name] = offers().parse(argument, value or "")
    elseif not take_agent(arguments, given, word) then
      break
    end
    position = position + 1
  end
  local rest = vim.list_slice(words_typed, position)
  for _, argument in ipairs(arguments) do
    local source = argument.source
    -- What looks like the name of an argument is a slip, where no text must come.
    local may_be = rest[1]
      and not rest[1]:find("^%a+=")
      and (source == "prompt" or source == "line")
    local plain = argument.required or may_be
    local list = source == "agent" or source == "agents"
    if #rest > 0 and given[argument.name] == nil and plain and not list then
      local takes_all = source == "prompt" or source == "line" or source == "file"
      local text = takes_all and table.concat(rest, " ") or table.remove(rest, 1)
      given[argument.name] = offers().parse(argument, text)
      rest = takes_all and {} or rest
    end
  end
  if #rest > 0 then
    async.fail(("%s takes no such argument: %s"):format(command.word, table.concat(rest, " ")))
  end
  return given
end

---What `:tab`, `:vertical` and the like ask for.
---@param mods table
---@return "split"|"vsplit"|"tab"|nil
local function placement(mods)
  if (mods.tab or -1) >= 0 then
    return "tab"
  elseif mods.vertical then
    return "vsplit"
  end
  return (mods.horizontal or (mods.split or "") ~= "") and "split" or nil
end

---`:Athena`
---@param opts vim.api.keyset.create_user_command.command_args|table
function M.execute(opts)
  local typed = vim.deepcopy(opts.fargs)
  local word = table.remove(typed, 1)
  local where = placement(opts.smods or {})
  if not word then
    return M.run("agents", { placement = where })
  end
  local command = M.find(word)
  if not command then
    return async.report(("there is no command %s; :Athena <Tab> lists them"):format(word))
  end
  local range = opts.range > 0 and { opts.line1, opts.line2 } or nil
  async.run(function()
    if #typed > 0 and not state.cursor then
      M.ready()
    end
    local given = M.parse(command, typed)
    given.range, given.placement = range, where
    M.run(word, given)
  end)
end

---Wait until the agents are known, so that their names can be understood.
function M.ready()
  client.start()
  async.await(function(resume)
    if state.cursor or client.state == "failed" or client.state == "stopped" then
      return resume()
    end
    state.on(M.ready, function()
      if state.cursor or client.state == "failed" or client.state == "stopped" then
        state.off(M.ready)
        resume()
      end
    end)
  end)
end

---@param typed string[]
---@return athena.Named
local function named_among(typed)
  local named = {}
  for index = 2, #typed do
    local agent = state.find((typed[index]:gsub("^agent=", "")))
    named.agent = named.agent or agent and agent.id
    named.harness = named.harness or typed[index]:match("^harness=(.+)$")
    named.repository = named.repository or typed[index]:match("^repository=(.+)$")
  end
  return named
end

---Completion of `:Athena`.
---@param lead string
---@param line string
---@param position integer
---@return string[]
function M.complete(lead, line, position)
  local before = line:sub(1, position):gsub("^.-Athena!?%s+", "")
  local typed = vim.split(before, "%s+")
  local function fitting(candidates)
    return vim.tbl_filter(function(candidate)
      return vim.startswith(candidate, lead)
    end, candidates)
  end
  if #typed <= 1 then
    return fitting(M.words())
  end
  local command = M.find(typed[1])
  if not command then
    return {}
  end
  local completion = require("athena.completion")
  local name, value = lead:match("^(%a+)=(.*)$")
  local candidates = {}
  for _, argument in ipairs(command.arguments) do
    if name == argument.name then
      local values = completion.paths(argument.source, value or "")
        or completion.values(argument, command, named_among(typed))
      return fitting(vim.tbl_map(function(one)
        return name .. "=" .. one
      end, values))
    elseif argument.source == "agent" or argument.source == "agents" then
      vim.list_extend(candidates, completion.values(argument, command, {}))
    elseif not offers().from_place(argument) then
      table.insert(candidates, argument.name .. "=")
    end
  end
  return fitting(candidates)
end

---The agents for which a command makes sense now.
---@param command athena.Command
---@return athena.AgentView[]
function M.fitting(command)
  local when = command.when or {}
  return vim.tbl_filter(function(agent)
    return (not when.statuses or vim.tbl_contains(when.statuses, agent.status))
      and (when.running == nil or when.running == (agent.runId ~= nil))
      and (when.archived == nil or when.archived == (agent.archived == true))
  end, state.list())
end

return M
