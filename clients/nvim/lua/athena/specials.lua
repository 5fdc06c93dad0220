---Commands that open something here, besides or instead of sending a request.

local async = require("athena.async")
local client = require("athena.client")
local state = require("athena.state")
local words = require("athena.words")

---@alias athena.Special fun(command: athena.Command, given: athena.Given)

---The command's agent: that which is given, that in view, else the user's choice. Nil when they left.
---@param command athena.Command
---@param given athena.Given
---@return athena.AgentView?
local function agent_of(command, given)
  require("athena.commands").ready()
  local offers = require("athena.offers")
  local argument = command.arguments[1]
  local id = given.agent or offers.agent_here() or offers.ask(command, argument, given, {})
  if not id then
    return nil
  end
  given.agent = id
  return state.agents[id] or client.call("athena/agent/get", { agent = id })
end

---@param method athena.Method
---@param verb string
---@return athena.Special
local function prompting(method, verb)
  return function(command, given)
    local agent = agent_of(command, given)
    if not agent then
      return
    end
    local content = given.content or require("athena.offers").quiet(command.arguments[3], given)
    if not given.text then
      local opts = { content = content, steer = verb == "steer" }
      return require("athena.ui.prompt").to_agent(agent.id, opts)
    end
    local prompt = require("athena.ui.prompt")
    local mentioned = prompt.mentions(given.text, prompt.folders_of(agent))
    content = vim.list_extend(vim.list_extend({}, content or {}), mentioned)
    client.call(method, {
      agent = agent.id,
      text = given.text,
      content = #content > 0 and content or nil,
      commandId = client.command_id(),
    })
    words.tell(("%s: %s"):format(agent.name, given.text))
  end
end

---Let the user change a prompt that was taken back, before it is sent again.
---@param agent string
---@param content athena.ContentBlock[]
local function write_anew(agent, content)
  local prompts = require("athena.ui.prompt")
  local known = state.agents[agent]
  local said, rest = {}, {}
  for _, block in ipairs(content) do
    if block.type == "text" then
      table.insert(said, block.text)
    end
  end
  local text = table.concat(said, "\n")
  -- What the text mentions is found again when it is sent.
  local mentioned = prompts.mentions(text, prompts.folders_of(known))
  for _, block in ipairs(content) do
    local again = #vim.tbl_filter(function(link)
      return link.uri == block.uri and link.line == block.line
    end, mentioned) > 0
    if block.type ~= "text" and not again then
      table.insert(rest, block)
    end
  end
  prompts.to_agent(agent, { text = text, content = #rest > 0 and rest or nil })
end

---@param method "athena/agent/spawn"|"athena/agent/fork"
---@param params table
local function start(method, params)
  local agent = client.call(method, params)
  if require("athena.config").get().open_on_spawn then
    if not state.agents[agent.id] then
      state.agents[agent.id] = agent
    end
    require("athena.ui.transcript").open(agent.id)
  else
    words.tell(("%s was started"):format(agent.name))
  end
end

---@type table<string, athena.Special>
return {
  ["athena.agent.list"] = function(_, given)
    require("athena.ui.agents").open(given.placement)
  end,
  ["athena.request.list"] = function(_, given)
    require("athena.ui.inbox").open(given.placement)
  end,
  ["athena.agent.prompt"] = prompting("athena/agent/prompt", "prompt"),
  ["athena.agent.steer"] = prompting("athena/agent/steer", "steer"),
  ["athena.agent.withdraw"] = function(command, given)
    local agent = agent_of(command, given)
    local params = agent and require("athena.commands").complete_params(command, given)
    if not params then
      return
    end
    local queue = client.call("athena/agent/get", { agent = params.agent }).queue
    client.call("athena/agent/withdraw", params)
    for _, prompt in ipairs(queue) do
      if prompt.promptId == params.promptId then
        write_anew(params.agent, prompt.content)
      end
    end
  end,
  ["athena.agent.spawn"] = function(command, given)
    local params = { commandId = client.command_id() }
    for _, argument in ipairs(command.arguments) do
      local value = given[argument.name]
      if value == nil then
        value = require("athena.offers").quiet(argument, given)
      end
      params[argument.name] = value
    end
    if params.prompt then
      return start("athena/agent/spawn", params)
    end
    require("athena.ui.prompt").open({
      title = "new agent",
      parts = function()
        return require("athena.spawning").bar(params)
      end,
      choose = function(changed)
        require("athena.spawning").choose(command, params, changed)
      end,
      folders = function()
        return require("athena.spawning").folders(params)
      end,
      steers = false,
      draft = "new agent",
      content = params.content,
      send = function(text, content)
        params.prompt, params.content = text, content
        start("athena/agent/spawn", params)
      end,
    })
  end,
  ["athena.agent.fork"] = function(command, given)
    local params = require("athena.commands").complete_params(command, given)
    if params then
      params.commandId = client.command_id()
      start("athena/agent/fork", params)
    end
  end,
  ["athena.transcript.open"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      require("athena.ui.transcript").open(agent.id, given.placement)
    end
  end,
  ["athena.replay.open"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      require("athena.ui.replay").open(agent.id, given.placement)
    end
  end,
  ["athena.client.restart"] = function()
    client.restart()
  end,
  ["athena.comparison.get"] = function(command, given)
    local argument = command.arguments[1]
    local agents = given.agents or require("athena.offers").ask(command, argument, given, {})
    if agents and #agents >= 2 then
      require("athena.ui.compare").open(agents)
    elseif agents then
      async.fail("it takes two agents to compare")
    end
  end,
  ["athena.request.answer"] = function(command, given)
    if given.option or given.answers then
      return require("athena.commands").general(command, given)
    end
    require("athena.commands").ready()
    local inbox = package.loaded["athena.ui.inbox"]
    local id = given.requestId or (inbox and inbox.current())
    require("athena.ui.request").enter(id)
  end,
  ["athena.changeset.get"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      local review = require("athena.review")
      review.open(agent.id, given.scope or "base", given.turnId, given.repository)
    end
  end,
  ["athena.review.accept"] = function(command, given)
    require("athena.review").verdict_command(command, given, "accepted")
  end,
  ["athena.review.reject"] = function(command, given)
    require("athena.review").verdict_command(command, given, "rejected")
  end,
  ["athena.review.reopen"] = function(command, given)
    require("athena.review").verdict_command(command, given, "open")
  end,
  ["athena.review.comment"] = function(command, given)
    require("athena.review").comment_command(command, given)
  end,
  ["athena.review.send"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      client.call("athena/review/send", { agent = agent.id, text = given.text })
      words.tell(("the comments were sent to %s"):format(agent.name))
    end
  end,
  ["athena.merge.run"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      require("athena.landing").merge(command, given, agent)
    end
  end,
  ["athena.revert.run"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      require("athena.landing").revert(command, given, agent)
    end
  end,
  ["athena.revert.undo"] = function(command, given)
    local agent = agent_of(command, given)
    if agent then
      local last = require("athena.landing").last_undo(agent.id)
      if last and not given.ref then
        given.ref, given.repository = last.ref, last.repository
      end
      require("athena.commands").general(command, given)
    end
  end,
  ["athena.line.authors"] = function(command, given)
    require("athena.authors").show(command, given)
  end,
  ["athena.system.doctor"] = function()
    vim.cmd.checkhealth("athena")
  end,
}
