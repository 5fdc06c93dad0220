---The inbox: all that waits for the user, of all agents.

local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

local NAME = "athena://inbox"

---@type integer?
local buffer
---@type string[] request by line
local shown = {}

local function render()
  if not (buffer and vim.api.nvim_buf_is_loaded(buffer)) then
    return
  end
  local requests = state.requests()
  local lines = { ("Inbox · %s"):format(words.count(#requests, "request")), "" }
  local marks = { { 0, 0, 5, "AthenaTitle" } }
  shown = {}
  for _, request in ipairs(requests) do
    local name = words.line(request.agentName, 15)
    local kind = request.request.type == "permission" and "!" or "?"
    local time = words.time(request.at)
    table.insert(lines, ("%s %-15s %s %s"):format(kind, name, time, words.request(request)))
    table.insert(marks, { #lines - 1, 0, 1, "AthenaWaiting" })
    table.insert(marks, { #lines - 1, 2, 2 + #name, "AthenaName" })
    table.insert(marks, { #lines - 1, 18, 18 + #time, "AthenaMuted" })
    shown[#lines] = request.requestId
  end
  if #requests == 0 then
    table.insert(lines, "Nothing waits for you.")
  end
  buffers.set(buffer, 0, -1, lines, marks)
end

---The request at the cursor, when the inbox is the current buffer.
---@return string?
function M.current()
  if vim.api.nvim_get_current_buf() == buffer then
    return shown[vim.fn.line(".")]
  end
end

---@param word string
---@return fun()
local function act(word)
  return function()
    local first = vim.fn.line(".")
    for lnum = first, first + vim.v.count1 - 1 do
      if shown[lnum] then
        require("athena.commands").run(word, { requestId = shown[lnum] })
      end
    end
  end
end

---@type athena.Key[]
local KEYS = {
  { "<CR>", "answer", "answer", act("answer") },
  { "a", "allow", "allow", act("allow") },
  { "d", "deny", "reject", act("deny") },
  {
    "<Tab>",
    "choose",
    "all answers",
    function()
      local id = M.current()
      if id then
        require("athena.ui.request").choose(id)
      end
    end,
  },
  { "x", "dismiss", "refuse to answer", act("dismiss") },
  {
    "t",
    "transcript",
    "the transcript",
    function()
      local request = state.request(M.current() or "")
      if request then
        require("athena.ui.transcript").open(request.agentId)
      end
    end,
  },
  { "q", "close", "close", buffers.close },
}

---@param how? "split"|"vsplit"|"tab"
function M.open(how)
  client.start()
  local new
  buffer, new = buffers.get(NAME, "athena-inbox")
  if new then
    buffers.map(buffer, "inbox", KEYS)
    state.on(NAME, render)
  end
  buffers.plain(buffers.show(buffer, how), { wrap = false })
  render()
  if next(shown) then
    pcall(vim.api.nvim_win_set_cursor, 0, { 3, 0 })
  end
end

return M
