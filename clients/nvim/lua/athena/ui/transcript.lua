---The transcript of an agent: Markdown that grows while the agent works.

local async = require("athena.async")
local bar = require("athena.ui.bar")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local feeds = require("athena.transcript.feed")
local models = require("athena.transcript.model")
local state = require("athena.state")
local turns = require("athena.transcript.turns")
local views = require("athena.transcript.view")
local words = require("athena.words")

local M = {}

---@class athena.Transcript
---@field agent string
---@field view athena.TranscriptView
---@field feed athena.Feed
---@field filter athena.Filter

---@class athena.Filter
---@field name string
---@field types? string[]
---@field find? string
---@field test? fun(item: athena.Item): boolean

---@type table<integer, athena.Transcript>
local open = {}

---@type athena.Filter
local ALL = { name = "everything" }
---@type athena.Filter[]
M.FILTERS = {
  ALL,
  { name = "talk", types = { "userMessage", "message" } },
  { name = "tool calls", types = { "toolCall" } },
  {
    name = "changes of files",
    types = { "toolCall" },
    test = function(item)
      return item.tool == "edit" or item.tool == "delete" or item.tool == "move"
    end,
  },
  {
    name = "what failed",
    types = { "toolCall", "notice", "unrecognized" },
    test = function(item)
      return item.type == "unrecognized" or item.status == "failed" or item.level == "error"
    end,
  },
  { name = "plans", types = { "plan" } },
}

---@param filter athena.Filter
---@return fun(item: athena.TranscriptItem): boolean
local function accepting(filter)
  return function(item)
    if filter.types and not vim.tbl_contains(filter.types, item.item.type) then
      return false
    end
    return not filter.test or filter.test(item.item)
  end
end

---What waits below the items: prompts, then what the agent asks for.
---@param agent? athena.AgentView
---@return string[] lines
---@return athena.Mark[] marks
local function footer(agent)
  local lines, marks = {}, {}
  if not agent then
    return lines, marks
  end
  local function add(text, highlight)
    table.insert(lines, text)
    table.insert(marks, { #lines - 1, 0, -1, highlight })
  end
  for _, prompt in ipairs(agent.queue) do
    add("+ queued: " .. words.line(words.content(prompt.content), 66), "AthenaMuted")
  end
  for _, request in ipairs(agent.requests) do
    add("! " .. words.request(request), "AthenaWaiting")
    local body = request.request
    if body.type == "permission" then
      local names = {}
      for _, option in ipairs(body.options or {}) do
        table.insert(names, option.name)
      end
      add("  " .. table.concat(names, " · "), "AthenaMuted")
      add("  a allow   d reject   <Tab> all answers", "AthenaKey")
    else
      for _, question in ipairs(body.questions or {}) do
        local labels = vim.tbl_map(function(choice)
          return choice.label
        end, question.choices)
        if #labels > 0 then
          add("  " .. table.concat(labels, " · "), "AthenaMuted")
        end
      end
      add("  <Tab> answer", "AthenaKey")
    end
  end
  return lines, marks
end

---For 'winbar': who it is, what it does, and what is filtered.
---@return string
function M.winbar()
  local buffer, width = bar.drawn()
  local transcript = open[buffer]
  local agent = transcript and state.agents[transcript.agent]
  if not transcript or not agent then
    return ""
  end
  local icon, status, highlight = words.status(agent)
  ---@type athena.BarPart[]
  local parts = {
    { agent.name, "AthenaName", cut = true },
    { icon .. " " .. status, highlight, glue = " " },
  }
  local function add(text, rank, cut)
    if text and text ~= "" then
      table.insert(parts, { text, rank = rank, cut = cut })
    end
  end
  if client.state ~= "running" then
    add(client.state == "starting" and "reconnecting" or client.why, nil, true)
  end
  add(transcript.filter ~= ALL and "only " .. transcript.filter.name or nil, nil, true)
  add(transcript.feed.loading and "reading …")
  add(agent.model, 3)
  add(agent.mode, 4)
  add(words.cost(agent.cost), 1)
  if agent.context and agent.context.size then
    add(("%d%% full"):format(agent.context.used / agent.context.size * 100), 2)
  end
  add(not words.waits(agent) and agent.activity or nil, 10, true)
  return bar.compose(width, parts)
end

---An agent has its workspace only some time after it was started.
---@param transcript athena.Transcript
local function find_root(transcript)
  local agent = state.agents[transcript.agent]
  transcript.view.root = agent and agent.workspace and agent.workspace.path
end

---@param transcript athena.Transcript
---@param change athena.Change
local function heard(transcript, change)
  find_root(transcript)
  if change.reset then
    local window = buffers.windows(transcript.view.buffer)[1]
    local lnum = window and vim.api.nvim_win_get_cursor(window)[1] or 1
    return transcript.feed:renew((transcript.view:at(lnum)))
  end
  if change.agents[transcript.agent] then
    transcript.feed:hear(change)
  end
end

---The transcript in the current buffer.
---@return athena.Transcript?
function M.here()
  return open[vim.api.nvim_get_current_buf()]
end

---@param buffer integer
---@return athena.Feed?
function M.feed(buffer)
  return open[buffer] and open[buffer].feed
end

---The agent of the current buffer, when that is a transcript.
---@return string?
function M.current()
  local transcript = M.here()
  return transcript and transcript.agent
end

---The turn at the cursor, when the current buffer is a transcript.
---@return string?
function M.turn()
  local transcript = M.here()
  if not transcript then
    return nil
  end
  local id = transcript.view:at(vim.fn.line("."))
  return id and transcript.view.model.items[id].turnId
end

---The item at the cursor.
---@return athena.TranscriptItem?
function M.item()
  local transcript = M.here()
  if not transcript then
    return nil
  end
  return turns.item(transcript.view, vim.api.nvim_get_current_win())
end

---@param direction 1|-1
local function jump(direction)
  local transcript = M.here()
  if not transcript then
    return
  end
  local view, model, count = transcript.view, transcript.view.model, vim.v.count1
  local window = vim.api.nvim_get_current_win()
  if direction == 1 and model.after or direction == -1 and model.before then
    local lnum = turns.line(view, window, direction * count)
    if lnum then
      return turns.show(window, lnum)
    end
    return async.run(function()
      turns.go(transcript.feed, window, direction * count)
    end)
  end
  for _ = 1, count do
    local lnum = turns.line(view, window, direction)
    if not lnum then
      return words.tell(direction == 1 and "this is the last turn" or "this is the first turn")
    end
    turns.show(window, lnum)
  end
end

---Go to the first or the last line of the transcript, or as a count says to one of the buffer.
---@param where "first"|"last"
---@param key string
local function go_to_end(where, key)
  local transcript, window = M.here(), vim.api.nvim_get_current_win()
  local beyond = where == "first" and "before" or "after"
  local is_here = transcript and not transcript.feed.loading and not transcript.view.model[beyond]
  if not transcript or vim.v.count > 0 or is_here then
    local count = vim.v.count > 0 and tostring(vim.v.count) or ""
    return vim.cmd("normal! " .. count .. key)
  end
  transcript.feed:load(where, function()
    local lnum = where == "first" and 1 or vim.api.nvim_buf_line_count(transcript.view.buffer)
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_set_cursor(window, { lnum, 0 })
    end
  end)
end

---@param filter athena.Filter
function M.filter(filter)
  local transcript = M.here()
  if transcript then
    transcript.filter = filter
    transcript.view.accepts = accepting(filter)
    transcript.feed.types, transcript.feed.find = filter.types, filter.find
    transcript.feed:load("last")
    vim.cmd.redrawstatus()
  end
end

local function choose_filter()
  async.run(function()
    local choices = {}
    for _, filter in ipairs(M.FILTERS) do
      table.insert(choices, { label = filter.name, value = filter })
    end
    table.insert(choices, { label = "what holds a text …", value = "find" })
    local filter = async.select(choices, "Show")
    if filter == "find" then
      local text = async.input("Text")
      filter = text and text ~= "" and { name = "what holds " .. text, find = text } or nil
    end
    if filter then
      M.filter(filter)
    end
  end)
end

---Show the whole of an item that is cut, or open the file that a tool call touches.
local function enter()
  local item = M.item()
  if not item then
    return
  end
  if item.truncated then
    async.run(function()
      local params = { agent = M.current(), itemId = item.itemId }
      local whole = client.call("athena/item/get", params)
      local block = require("athena.transcript.items").render(whole)
      local buffer = buffers.get("athena://item/" .. item.itemId, "athena-transcript")
      buffers.set(buffer, 0, -1, block.lines, block.marks)
      buffers.map(buffer, "item", { { "q", "close", "close", buffers.close } })
      buffers.plain(buffers.show(buffer, "split"), { wrap = true })
    end)
  else
    pcall(vim.cmd.normal, { "za", bang = true })
  end
end

local function go_to_file()
  local item = M.item()
  local location = item and item.item.locations and item.item.locations[1]
  if not location then
    return words.tell("the cursor is on no tool call that names a file")
  end
  vim.cmd("aboveleft split " .. vim.fn.fnameescape(location.path))
  if location.line then
    pcall(vim.api.nvim_win_set_cursor, 0, { location.line, 0 })
  end
end

---@param word string
---@param more? fun(): table
---@return fun()
local function act(word, more)
  return function()
    local given = vim.tbl_extend("force", { agent = M.current() }, more and more() or {})
    require("athena.commands").run(word, given)
  end
end

---@param word string
---@return fun()
local function answer(word)
  return function()
    local agent = state.agents[M.current() or ""]
    local request = agent and agent.requests[1]
    if request then
      require("athena.commands").run(word, { requestId = request.requestId })
    else
      words.tell("nothing waits for you here")
    end
  end
end

local function this_turn()
  return { turnId = M.turn(), scope = "turn" }
end

---@type athena.Key[]
local KEYS = {
  { "p", "prompt", "prompt", act("prompt") },
  { "s", "steer", "steer the running turn", act("steer") },
  { "i", "prompt_too", "prompt", act("prompt") },
  { "e", "edit_queued", "edit a prompt that is queued", act("withdraw") },
  { "<C-c>", "interrupt", "interrupt the turn", act("interrupt") },
  { "a", "allow", "allow what it asks for", answer("allow") },
  { "d", "deny", "reject what it asks for", answer("deny") },
  { "<Tab>", "answer", "all answers", answer("answer") },
  {
    "]t",
    "next_turn",
    "next turn",
    function()
      jump(1)
    end,
    mode = { "n", "x" },
  },
  {
    "[t",
    "previous_turn",
    "previous turn",
    function()
      jump(-1)
    end,
    mode = { "n", "x" },
  },
  {
    "gg",
    "first",
    "the beginning",
    function()
      go_to_end("first", "gg")
    end,
  },
  {
    "G",
    "last",
    "the end",
    function()
      go_to_end("last", "G")
    end,
  },
  { "<CR>", "enter", "open, close, show the whole", enter },
  { "gf", "file", "the file of the tool call", go_to_file },
  { "f", "filter", "filter", choose_filter },
  { "c", "changes", "review all changes", act("changes") },
  { "C", "turn_changes", "review this turn", act("changes", this_turn) },
  {
    "gr",
    "revert",
    "revert this turn",
    act("revert", function()
      return { turnId = M.turn() }
    end),
  },
  { "gm", "merge", "merge", act("merge") },
  { "gy", "replay", "replay", act("replay") },
  { "gl", "logs", "the harness's log", act("logs") },
  {
    "K",
    "details",
    "what is known of the agent",
    function()
      local agent = M.current()
      if agent then
        require("athena.ui.details").show(agent)
      end
    end,
  },
  { "m", "mode", "set the mode", act("mode") },
  { "M", "model", "set the model", act("model") },
  { "q", "close", "close", buffers.close },
}

M.WINDOW = {
  wrap = true,
  linebreak = true,
  breakindent = true,
  conceallevel = 2,
  concealcursor = "nc",
  foldmethod = "expr",
  foldexpr = "v:lua.require'athena.transcript.view'.fold(v:lnum)",
  foldlevel = 0,
  foldtext = "",
  foldenable = true,
  fillchars = "fold: ,eob: ",
  scrolloff = 0,
}

---How Markdown is highlighted, with lines for its fences. Where Neovim (0.11 and later) leaves these
---lines out, it scrolls far beyond folds that have them, and parses again whenever it counts lines.
---@return string query
local function markdown_query()
  local texts = {}
  for _, file in ipairs(vim.treesitter.query.get_files("markdown", "highlights")) do
    table.insert(texts, (table.concat(vim.fn.readfile(file), "\n")))
  end
  return (table.concat(texts, "\n"):gsub('%(#set! conceal_lines "[^"]*"%)', ""))
end

---Markdown by treesitter; without the parser it is plain text.
---@param buffer integer
function M.highlight(buffer)
  vim.treesitter.language.register("markdown", "athena-transcript")
  pcall(function()
    local parser = assert(vim.treesitter.get_parser(buffer, "markdown"))
    vim.treesitter.highlighter.new(parser, { queries = { markdown = markdown_query() } })
  end)
end

---The name of a buffer: the id finds the agent again, its name is for the reader.
---@param kind string
---@param agent string id
---@return string
function M.name(kind, agent)
  local known = state.agents[agent]
  return ("athena://%s/%s%s"):format(kind, agent, known and "/" .. known.name or "")
end

---@param buffer integer
---@param name string
local function rename(buffer, name)
  local before = vim.api.nvim_buf_get_name(buffer)
  if before ~= name then
    vim.api.nvim_buf_set_name(buffer, name)
    -- Neovim keeps a buffer of the old name.
    pcall(vim.api.nvim_buf_delete, vim.fn.bufnr("^" .. before .. "$"), { force = true })
  end
end

---@param agent string id
---@return integer buffer
function M.buffer(agent)
  for buffer, transcript in pairs(open) do
    if transcript.agent == agent then
      return buffer
    end
  end
  local buffer, new = buffers.get(M.name("transcript", agent), "athena-transcript")
  if not new then
    return buffer
  end
  M.highlight(buffer)
  local view = views.new(buffer, models.new(agent))
  local feed = feeds.new(view, function()
    return footer(state.agents[agent])
  end)
  local transcript = { agent = agent, view = view, feed = feed, filter = ALL }
  find_root(transcript)
  open[buffer] = transcript
  vim.b[buffer].athena_agent = agent
  buffers.map(buffer, "transcript", KEYS)
  state.on(buffer, function(change)
    heard(transcript, change)
    if change.agents[agent] then
      rename(buffer, M.name("transcript", agent))
    end
  end)
  vim.api.nvim_create_autocmd("BufUnload", {
    buffer = buffer,
    callback = function()
      state.off(buffer)
      views.forget(buffer)
      open[buffer] = nil
    end,
  })
  vim.api.nvim_create_autocmd("CursorMoved", {
    buffer = buffer,
    callback = function()
      feed:near(vim.fn.line("."))
    end,
  })
  feed:load("last", function()
    for _, window in ipairs(buffers.windows(buffer)) do
      vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(buffer), 0 })
    end
  end)
  return buffer
end

---A window with a transcript has got its place.
---@param window integer
function M.placed(window)
  open[vim.api.nvim_win_get_buf(window)].view:opened(window)
end

---Show the transcript of an agent.
---@param agent string id
---@param how? "split"|"vsplit"|"tab"
---@return integer window
function M.open(agent, how)
  local window = buffers.show(M.buffer(agent), how)
  M.dress(window)
  M.placed(window)
  return window
end

---@param window integer
function M.dress(window)
  buffers.plain(window, M.WINDOW)
  vim.wo[window][0].winbar = "%{%v:lua.require'athena.ui.transcript'.winbar()%}"
end

return M
