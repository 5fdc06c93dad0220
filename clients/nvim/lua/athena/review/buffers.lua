---The two sides of a changed file: what it was, and what the agent made of it, with the verdicts and
---the comments. All of it is asked of Athena again when something changed.

local async = require("athena.async")
local bar = require("athena.ui.bar")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local config = require("athena.config")
local places = require("athena.places")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---@class athena.ReviewPlace
---@field agent string
---@field repository? string one of the agent's others
---@field scope athena.Scope
---@field turnId? string
---@field side "old"|"new"
---@field path string

---@class athena.ReviewBuffer
---@field place athena.ReviewPlace
---@field file? athena.ChangedFileDetail
---@field note? string why there is no text

local SPACE = vim.api.nvim_create_namespace("athena.review")
---@type table<integer, athena.ReviewBuffer>
local open = {}

---@param place athena.ReviewPlace
---@return string
function M.name(place)
  local turn = place.turnId or "-"
  local whose = place.agent
  if place.repository then
    -- A slash in its name would be the end of this part.
    whose = whose .. ":" .. vim.uri_encode(place.repository, "rfc3986"):gsub("/", "%%2F")
  end
  return ("athena://review/%s/%s/%s/%s/%s"):format(whose, place.scope, turn, place.side, place.path)
end

---@param name string
---@return athena.ReviewPlace?
function M.parse(name)
  local whose, scope, turn, side, path =
    name:match("^athena://review/([^/]+)/([^/]+)/([^/]+)/([^/]+)/(.+)$")
  if not whose then
    return nil
  end
  local agent, repository = whose:match("^([^:]+):?(.*)$")
  local place = {
    agent = agent,
    repository = places.named(vim.uri_decode(repository or "")),
    scope = scope,
    turnId = turn ~= "-" and turn or nil,
    side = side,
    path = path,
  }
  return place --[[@as athena.ReviewPlace]]
end

---@param buffer? integer
---@return athena.ReviewBuffer?
function M.get(buffer)
  return open[buffer or vim.api.nvim_get_current_buf()]
end

---What the current buffer shows; only for what is called from the side of a review.
---@return athena.ReviewBuffer
function M.here()
  local here = assert(M.get(), "this is no review")
  return here
end

---The repository that the current buffer is about, where that is known: that of a review of this
---agent.
---@param agent? string
---@return string?
function M.repository(agent)
  local here = M.get()
  if here and (not agent or agent == here.place.agent) then
    return here.place.repository or places.OWN
  end
end

---The agent whose work the current buffer shows.
---@return string?
function M.current()
  local here = M.get()
  return here and here.place.agent
end

---The lines, from 1, that a hunk takes on a side; of none, the line that it is beside.
---@param hunk athena.HunkView
---@param side "old"|"new"
---@return integer first
---@return integer last
function M.lines_of(hunk, side)
  local start, count
  if side == "new" then
    start, count = hunk.newStart, hunk.newLines
  else
    start, count = hunk.oldStart, hunk.oldLines
  end
  if count == 0 then
    return math.max(1, start), start + 1
  end
  return start, start + count - 1
end

---The hunks of the current buffer that touch some lines.
---@param first integer
---@param last integer
---@return athena.HunkView[]
function M.hunks(first, last)
  local here = M.here()
  return vim.tbl_filter(function(hunk)
    local from, to = M.lines_of(hunk, here.place.side)
    return from <= last and to >= first
  end, here.file and here.file.hunkList or {})
end

local VERDICT_HIGHLIGHTS =
  { accepted = "AthenaAccepted", rejected = "AthenaRejected", open = "AthenaOpen" }

---@param buffer integer
---@param here athena.ReviewBuffer
---@param file athena.ChangedFileDetail
local function mark(buffer, here, file)
  local count = vim.api.nvim_buf_line_count(buffer)
  local icons = config.get().icons
  vim.api.nvim_buf_clear_namespace(buffer, SPACE, 0, -1)
  for _, hunk in ipairs(file.hunkList) do
    local first, last = M.lines_of(hunk, here.place.side)
    local highlight = VERDICT_HIGHLIGHTS[hunk.verdict]
    for line = first, math.min(last, count) do
      local said = line == first and hunk.verdict ~= "open" and here.place.side == "new"
      vim.api.nvim_buf_set_extmark(buffer, SPACE, line - 1, 0, {
        sign_text = icons[hunk.verdict],
        sign_hl_group = highlight,
        virt_text = said and { { " " .. hunk.verdict, highlight } } or nil,
        hl_mode = "combine",
      })
    end
  end
  for _, comment in ipairs(here.place.side == "new" and file.commentList or {}) do
    local line = math.min(comment.endLine or comment.line, count)
    local shown = {}
    for _, text in ipairs(vim.split(comment.text, "\n")) do
      table.insert(shown, { { ("  %s %s"):format(icons.comment, text), "AthenaComment" } })
    end
    table.insert(shown[1], { ("  %s, %s"):format(comment.by, comment.state), "AthenaMuted" })
    vim.api.nvim_buf_set_extmark(buffer, SPACE, math.max(0, line - 1), 0, {
      virt_lines = shown,
      virt_lines_above = line == 0,
    })
  end
end

---The quickfix list of a review says what it is.
M.LIST = "athena.review"

---Which of the changed files is in view, when they are in the quickfix list.
---@return string?
local function file_number()
  local list = vim.fn.getqflist({ idx = 0, size = 0, context = 0 })
  if list.context == M.LIST and list.size > 1 then
    return ("file %d of %d"):format(list.idx, list.size)
  end
end

---For 'winbar'.
---@return string
function M.winbar()
  local buffer, width = bar.drawn()
  local here = open[buffer]
  if not here then
    return ""
  end
  local agent = state.agents[here.place.agent]
  local old = here.place.side == "old"
  ---@type athena.BarPart[]
  local parts = {
    { old and "before" or (agent and agent.name or "after"), "AthenaName" },
    { places.shown(here.place.repository, here.place.path), glue = " ", cut = true },
  }
  if here.place.turnId then
    table.insert(parts, { "turn " .. words.turn(here.place.turnId) })
  end
  if here.note then
    table.insert(parts, { here.note })
  end
  if old then
    return bar.compose(width, parts)
  end
  local counts = { accepted = 0, rejected = 0, open = 0 }
  for _, hunk in ipairs(here.file and here.file.hunkList or {}) do
    counts[hunk.verdict] = counts[hunk.verdict] + 1
  end
  for _, verdict in ipairs({ "accepted", "rejected", "open" }) do
    if counts[verdict] > 0 then
      table.insert(parts, { ("%d %s"):format(counts[verdict], verdict) })
    end
  end
  local file = file_number()
  if file then
    table.insert(parts, { file, "AthenaMuted", rank = 1 })
  end
  return bar.compose(width, parts, "ga accept · gr reject · gc comment")
end

---Bring the line of a window's cursor to the middle. Two windows that are bound to each other may
---hide it behind what is filled in for lines of the other side: then to the lower end.
---@param window integer
function M.reveal(window)
  local function move(keys)
    vim.api.nvim_win_call(window, function()
      vim.cmd("silent! normal! " .. keys)
    end)
  end
  move("zvzz")
  vim.schedule(function()
    if vim.api.nvim_win_is_valid(window) then
      local line = vim.api.nvim_win_get_cursor(window)[1]
      if vim.fn.screenpos(window, line, 1).row == 0 then
        move("zb")
      end
    end
  end)
end

---Put the cursor of a window at the first change, unless it was put elsewhere.
---@param window integer
function M.to_first_change(window)
  local buffer = vim.api.nvim_win_get_buf(window)
  local here = open[buffer]
  local hunk = here and here.file and here.file.hunkList[1]
  if hunk and vim.api.nvim_win_get_cursor(window)[1] == 1 then
    local line = M.lines_of(hunk, here.place.side)
    line = math.min(line, vim.api.nvim_buf_line_count(buffer))
    vim.api.nvim_win_set_cursor(window, { line, 0 })
    -- The other side is bound to the current window; to move there would move the user too.
    local bound = vim.list_contains(vim.api.nvim_tabpage_list_wins(0), window)
    M.reveal(bound and vim.api.nvim_get_current_win() or window)
  end
end

---@param buffer integer
function M.load(buffer)
  local here = open[buffer]
  local place = here.place
  local params = {
    agent = place.agent,
    repository = place.repository,
    scope = place.scope,
    turnId = place.turnId,
    path = place.path,
  }
  async.run(function()
    local file = client.call("athena/changeset/file", params)
    local side = vim.tbl_extend("force", params, { side = place.side })
    local text = client.call("athena/changeset/text", side)
    if not vim.api.nvim_buf_is_loaded(buffer) then
      return
    end
    local first_time = here.file == nil
    here.file = file
    here.note = text.binary and "binary" or not text.exists and "no file" or nil
    local lines = text.text == "" and {} or vim.split(text.text:gsub("\n$", ""), "\n")
    if not vim.deep_equal(lines, vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) then
      buffers.set(buffer, 0, -1, lines)
      vim.cmd("silent! diffupdate")
    end
    mark(buffer, here, file)
    if first_time then
      vim.tbl_map(M.to_first_change, vim.fn.win_findbuf(buffer))
    end
    vim.cmd.redrawstatus({ bang = true })
  end)
end

local CHANGES = {
  verdictGiven = true,
  commentAdded = true,
  commentsSent = true,
  commentResolved = true,
  changesApplied = true,
  turnEnded = true,
}

---Whether the review of an agent may be another after a change.
---@param change athena.Change
---@param agent string id
---@return boolean
function M.concerns(change, agent)
  return change.reset
    or #vim.tbl_filter(function(event)
        return event.agentId == agent and CHANGES[event.kind] == true
      end, change.events)
      > 0
end

---@param change athena.Change
local function follow(change)
  for buffer, here in pairs(open) do
    if M.concerns(change, here.place.agent) then
      M.load(buffer)
    end
  end
end

---Fill a buffer whose name says what it shows.
---@param buffer integer
function M.read(buffer)
  local place = M.parse(vim.api.nvim_buf_get_name(buffer))
  if not place then
    return
  end
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].buflisted = false
  vim.bo[buffer].modifiable = false
  open[buffer] = { place = place }
  local filetype = vim.filetype.match({ filename = place.path })
  if filetype and not pcall(vim.treesitter.start, buffer, filetype) then
    vim.bo[buffer].syntax = filetype
  end
  buffers.map(buffer, "review", require("athena.review.keys"))
  vim.api.nvim_create_autocmd("BufUnload", {
    buffer = buffer,
    once = true,
    callback = function()
      open[buffer] = nil
    end,
  })
  M.load(buffer)
end

---@param place athena.ReviewPlace
---@return integer buffer
function M.buffer(place)
  local name = M.name(place)
  local buffer = vim.fn.bufadd(name)
  vim.fn.bufload(buffer)
  if not open[buffer] then
    M.read(buffer)
  end
  return buffer
end

---The line of the new side that a line of the current buffer belongs to.
---@param line integer
---@return integer
function M.new_line(line)
  local here = M.here()
  if here.place.side == "new" then
    return line
  end
  local shift = 0 ---@type number
  for _, hunk in ipairs(here.file and here.file.hunkList or {}) do
    local first, last = M.lines_of(hunk, "old")
    if line >= first and line <= last and hunk.oldLines > 0 then
      return math.max(1, hunk.newStart) --[[@as integer]]
    elseif line > last then
      shift = shift + hunk.newLines - hunk.oldLines
    end
  end
  return line + shift --[[@as integer]]
end

state.on("athena.review.buffers", follow)

return M
