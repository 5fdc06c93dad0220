---The list of agents: a line each, those that another started below it, one key per action.

local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

local NAME = "athena://agents"

---@type integer?
local buffer
---@type string[] agent by line, after the header
local shown = {}
---@type integer[] fold level by line
local levels = {}
local HEADER = 2

---@param columns { [1]: string, [2]: string? }[] text and highlight
---@return string line
---@return athena.Mark[] marks of line 0
local function compose(columns)
  local line, marks = "", {}
  for _, column in ipairs(columns) do
    if column[2] and column[1] ~= "" then
      table.insert(marks, { 0, #line, #line + #column[1], column[2] })
    end
    line = line .. column[1]
  end
  return line, marks
end

---@param text string
---@param width integer
---@return string
local function pad(text, width)
  local cut = text:match("^ *") .. words.line(text, width - #text:match("^ *"))
  return cut .. (" "):rep(width - vim.fn.strdisplaywidth(cut))
end

---@class athena.AgentRow
---@field agent athena.AgentView
---@field depth integer

---@class athena.Widths
---@field all integer of the window
---@field name integer
---@field harness integer

local STATUS_WIDTH, LEAST_ACTIVITY = 16, 16

---Wide enough for what is in the columns, as far as the window allows.
---@param rows athena.AgentRow[]
---@param all integer
---@return athena.Widths
local function widths_for(rows, all)
  local name, harness = 8, 8
  for _, one in ipairs(rows) do
    name = math.max(name, 2 * one.depth + vim.fn.strdisplaywidth(one.agent.name))
    harness = math.max(harness, vim.fn.strdisplaywidth(one.agent.harness))
  end
  local wide = all >= 100
  return {
    all = all,
    name = math.min(name, wide and 30 or 15),
    harness = math.min(harness, wide and 14 or 9),
  }
end

---What is noted at the end of a line; what matters least is left out where there is no room.
---@param agent athena.AgentView
---@param room integer
---@return string
local function facts_of(agent, room)
  local facts = {
    #agent.conflicts > 0 and "conflicts" or #agent.collisions > 0 and "collides" or "",
    #agent.queue > 0 and ("+%d queued"):format(#agent.queue) or "",
    agent.comments > 0 and words.count(agent.comments, "comment") or "",
    words.cost(agent.cost),
  }
  facts = vim.tbl_filter(function(fact)
    return fact ~= ""
  end, facts)
  while #facts > 1 and vim.fn.strdisplaywidth(table.concat(facts, " · ")) > room do
    table.remove(facts)
  end
  return table.concat(facts, " · ")
end

---@param one athena.AgentRow
---@param widths athena.Widths
local function row(one, widths)
  local agent = one.agent
  local icon, status, highlight = words.status(agent)
  local indent = ("  "):rep(one.depth)
  local room = widths.all - 2 - widths.name - STATUS_WIDTH - widths.harness - 5
  local tail = facts_of(agent, room - LEAST_ACTIVITY)
  local what = words.waits(agent) and agent.reason or agent.activity or agent.reason or agent.title
  return compose({
    { icon .. " ", highlight },
    { pad(indent .. agent.name, widths.name) .. " ", "AthenaName" },
    { pad(status, STATUS_WIDTH) .. " ", highlight },
    { pad(agent.harness, widths.harness) .. " ", "AthenaMuted" },
    { pad(what or "", math.max(room - vim.fn.strdisplaywidth(tail), 0)) .. " " },
    { tail, "AthenaMuted" },
  })
end

---Agents with their depth, each below the one that started it.
---@return athena.AgentRow[]
local function tree()
  local children, roots = {}, {}
  for _, agent in ipairs(state.list()) do
    if not agent.archived then
      local parent = agent.parentId
      if parent and state.agents[parent] and not state.agents[parent].archived then
        children[parent] = children[parent] or {}
        table.insert(children[parent], agent)
      else
        table.insert(roots, agent)
      end
    end
  end
  local flat = {}
  local function add(agent, depth)
    table.insert(flat, { agent = agent, depth = depth })
    for _, child in ipairs(children[agent.id] or {}) do
      add(child, depth + 1)
    end
  end
  for _, agent in ipairs(roots) do
    add(agent, 0)
  end
  return flat
end

---@param rows athena.AgentRow[]
---@param width integer
local function header(rows, width)
  local counts = { waiting = 0, working = 0 }
  for _, one in ipairs(rows) do
    if words.waits(one.agent) then
      counts.waiting = counts.waiting + 1
    elseif one.agent.status == "working" or one.agent.status == "starting" then
      counts.working = counts.working + 1
    end
  end
  local said = {
    { "Athena", "AthenaTitle" },
    { " · " .. words.count(#rows, "agent") },
    {
      counts.waiting > 0 and (" · %d waiting for you"):format(counts.waiting) or "",
      "AthenaWaiting",
    },
    { counts.working > 0 and (" · %d working"):format(counts.working) or "", "AthenaWorking" },
  }
  local keys = "   g? keys"
  if client.state ~= "running" then
    local room = width - vim.fn.strdisplaywidth(compose(said) .. keys) - 3
    table.insert(said, { " · " .. words.line(client.why or client.state, room), "AthenaFailed" })
  end
  table.insert(said, { keys, "AthenaMuted" })
  return compose(said)
end

---@param window integer
---@return string?
local function under_cursor(window)
  return shown[vim.api.nvim_win_get_cursor(window)[1] - HEADER]
end

local function render()
  if not (buffer and vim.api.nvim_buf_is_loaded(buffer)) then
    return
  end
  local windows = buffers.windows(buffer)
  local before = {}
  for _, window in ipairs(windows) do
    before[window] = under_cursor(window)
  end
  local width = windows[1] and vim.api.nvim_win_get_width(windows[1]) or 80
  local rows = tree()
  local widths = widths_for(rows, width)
  local line, marks = header(rows, width)
  local lines = { line, "" }
  shown, levels = {}, { 0, 0 }
  for index, one in ipairs(rows) do
    local text, found = row(one, widths)
    table.insert(lines, text)
    table.insert(shown, one.agent.id)
    local below = rows[index + 1]
    table.insert(levels, below and below.depth > one.depth and one.depth + 1 or one.depth)
    for _, mark in ipairs(found) do
      table.insert(marks, { #lines - 1, mark[2], mark[3], mark[4] })
    end
  end
  if #rows == 0 then
    table.insert(lines, "No agents yet. Press n, or :Athena spawn <what is to be done>.")
  end
  buffers.set(buffer, 0, -1, lines, marks)
  for _, window in ipairs(windows) do
    local lnum, column = unpack(vim.api.nvim_win_get_cursor(window))
    for index, id in ipairs(shown) do
      if id == before[window] then
        lnum = index + HEADER
      end
    end
    if #shown > 0 then
      lnum = math.max(lnum, HEADER + 1)
    end
    vim.api.nvim_win_set_cursor(window, { math.min(lnum, #lines), column })
  end
end

---For 'foldexpr': an agent with those that it started.
---@param lnum integer
---@return string|integer
function M.fold(lnum)
  local level, above = levels[lnum] or 0, levels[lnum - 1] or 0
  return level > above and ">" .. level or level
end

---The agent in the line of the cursor, when the list is the current buffer.
---@return string?
function M.current()
  if vim.api.nvim_get_current_buf() == buffer then
    return under_cursor(0)
  end
end

---The agents of the selection, or as many as the count says.
---@return string[]
local function chosen()
  local first, last = vim.fn.line("."), vim.fn.line(".") + vim.v.count1 - 1
  if vim.fn.mode():find("[vV\22]") then
    first, last = vim.fn.line("v"), vim.fn.line(".")
    first, last = math.min(first, last), math.max(first, last)
    vim.api.nvim_feedkeys(vim.keycode("<Esc>"), "nx", false)
  end
  local ids = {}
  for lnum = first, last do
    table.insert(ids, shown[lnum - HEADER])
  end
  return ids
end

---@param word string
---@return fun()
local function act(word)
  return function()
    local commands = require("athena.commands")
    for _, id in ipairs(chosen()) do
      commands.run(word, { agent = id })
    end
  end
end

---@param word "allow"|"deny"|"answer"
---@return fun()
local function answer(word)
  return function()
    for _, id in ipairs(chosen()) do
      for _, request in ipairs(state.agents[id] and state.agents[id].requests or {}) do
        require("athena.commands").run(word, { requestId = request.requestId })
      end
    end
  end
end

local BOTH = { "n", "x" }

---@type athena.Key[]
local KEYS = {
  { "<CR>", "transcript", "open the transcript", act("transcript") },
  {
    "n",
    "spawn",
    "new agent",
    function()
      require("athena.commands").run("spawn")
    end,
  },
  { "p", "prompt", "prompt", act("prompt") },
  { "s", "steer", "steer the running turn", act("steer") },
  { "c", "changes", "review what it changed", act("changes") },
  { "a", "allow", "allow what it asks for", answer("allow"), mode = BOTH },
  { "d", "deny", "reject what it asks for", answer("deny"), mode = BOTH },
  { "<Tab>", "answer", "all answers", answer("answer") },
  { "i", "prompt_too", "prompt", act("prompt") },
  { "e", "edit_queued", "edit a prompt that is queued", act("withdraw") },
  { "<C-c>", "interrupt", "interrupt the turn", act("interrupt"), mode = BOTH },
  { "x", "stop", "stop", act("stop"), mode = BOTH },
  { "X", "kill", "kill", act("kill"), mode = BOTH },
  { "r", "resume", "resume", act("resume"), mode = BOTH },
  { "R", "rename", "rename", act("rename") },
  { "A", "archive", "archive", act("archive"), mode = BOTH },
  { "m", "mode", "set the mode", act("mode") },
  { "M", "model", "set the model", act("model") },
  { "gm", "merge", "merge", act("merge") },
  { "gp", "publish", "publish", act("publish") },
  { "gr", "revert", "revert", act("revert") },
  { "gl", "logs", "the harness's log", act("logs") },
  {
    "K",
    "details",
    "all that is known of it",
    function()
      local id = under_cursor(0)
      if id then
        require("athena.ui.details").show(id)
      end
    end,
  },
  { "gy", "replay", "replay", act("replay") },
  {
    "gc",
    "compare",
    "compare the selected agents",
    function()
      local ids = chosen()
      require("athena.commands").run("compare", { agents = #ids > 1 and ids or nil })
    end,
    mode = BOTH,
  },
  {
    "I",
    "inbox",
    "the inbox",
    function()
      require("athena.commands").run("inbox")
    end,
  },
  { "q", "close", "close", buffers.close },
}

---Show the list.
---@param how? "split"|"vsplit"|"tab"
function M.open(how)
  client.start()
  local new
  buffer, new = buffers.get(NAME, "athena-agents")
  if new then
    buffers.map(buffer, "agents", KEYS)
    state.on(NAME, render)
    vim.api.nvim_create_autocmd(
      { "BufWinEnter", "WinResized" },
      { buffer = buffer, callback = render }
    )
  end
  local window = buffers.show(buffer, how)
  buffers.plain(window, {
    wrap = false,
    foldmethod = "expr",
    foldexpr = "v:lua.require'athena.ui.agents'.fold(v:lnum)",
    foldlevel = 99,
    foldtext = "",
  })
  render()
end

return M
