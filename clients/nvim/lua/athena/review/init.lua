---Review of what an agent changed: a tab with the two sides of a file in diff mode, and the files in
---the quickfix list.

local async = require("athena.async")
local client = require("athena.client")
local config = require("athena.config")
local places = require("athena.places")
local sides = require("athena.review.buffers")
local state = require("athena.state")
local ui = require("athena.ui.buffer")
local words = require("athena.words")

local M = {}

local WIDE = 120
local GROUP = vim.api.nvim_create_augroup("athena.review", {})

---@param window integer
---@param side "old"|"new"
local function dress(window, side)
  ui.plain(window, {
    -- What only the old side has was removed, whatever diff mode calls it there.
    winhighlight = side == "old" and "DiffAdd:AthenaOld" or "",
    number = true,
    signcolumn = "yes",
    cursorline = false,
    wrap = false,
    winbar = "%{%v:lua.require'athena.review.buffers'.winbar()%}",
  })
  vim.api.nvim_win_call(window, function()
    vim.cmd.diffthis()
  end)
end

---Show the other side beside a window that shows the new one.
---@param window integer
local function pair(window)
  local here = sides.get(vim.api.nvim_win_get_buf(window))
  if not here or here.place.side ~= "new" then
    return
  end
  local place = vim.tbl_extend("force", here.place, { side = "old" }) --[[@as athena.ReviewPlace]]
  local old = sides.buffer(place)
  local left ---@type integer?
  for _, other in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local shown = sides.get(vim.api.nvim_win_get_buf(other))
    if other ~= window and shown then
      left = other
    end
  end
  if not left then
    local layout = config.get().layout
    local vertical = layout == "vertical" or (layout == "auto" and vim.o.columns >= WIDE)
    left = vim.api.nvim_open_win(old, false, {
      split = vertical and "left" or "above",
      win = window,
    })
  end
  -- With `!` also the file before, which is hidden now, is no longer compared.
  vim.cmd("diffoff!")
  vim.api.nvim_win_set_buf(left, old)
  dress(left, "old")
  dress(window, "new")
  vim.tbl_map(sides.to_first_change, { left, window })
end

vim.api.nvim_create_autocmd("BufWinEnter", {
  group = GROUP,
  pattern = "athena://review/*/new/*",
  callback = function()
    local window = vim.api.nvim_get_current_win()
    if vim.t.athena_review then
      vim.schedule(function()
        if vim.api.nvim_win_is_valid(window) then
          pair(window)
        end
      end)
    end
  end,
})

---@param file athena.ChangedFile
---@return string
local function describe(file)
  local parts = { file.status }
  if file.additions then
    table.insert(parts, ("+%d -%d"):format(file.additions, file.deletions))
  else
    table.insert(parts, "binary")
  end
  if file.verdict ~= "open" then
    table.insert(parts, file.verdict)
  end
  if file.comments > 0 then
    table.insert(parts, words.count(file.comments, "comment"))
  end
  return table.concat(parts, " · ")
end

---@class athena.ReviewList
---@field id integer of the quickfix list
---@field agent string
---@field scope athena.Scope
---@field turnId? string
---@field repositories string[]

---@type athena.ReviewList?
local listed

---@class athena.ReviewFiles
---@field repository? string
---@field changes athena.ChangesetView

---What an agent changed, in each of some repositories.
---@param asked { agent: string, scope: athena.Scope, turnId?: string, repositories: string[] }
---@return athena.ReviewFiles[]
local function changes_of(asked)
  return vim.tbl_map(function(name)
    local repository = places.named(name)
    local params = {
      agent = asked.agent,
      repository = repository,
      scope = asked.scope,
      turnId = asked.turnId,
    }
    return { repository = repository, changes = client.call("athena/changeset/get", params) }
  end, asked.repositories)
end

---@param agent string id
---@param found athena.ReviewFiles[]
---@return table what the quickfix list of these files is
local function list_of(agent, found)
  local name = state.agents[agent] and state.agents[agent].name or agent
  local items = {}
  for _, part in ipairs(found) do
    for _, file in ipairs(part.changes.files) do
      local place = {
        agent = agent,
        repository = part.repository,
        scope = part.changes.scope,
        turnId = part.changes.turnId,
        side = "new",
        path = file.path,
      }
      table.insert(items, {
        filename = sides.name(place),
        module = places.shown(part.repository, file.path),
        -- Without a line the cursor stays where it was in that file, at first at the first change.
        valid = 1,
        text = describe(file),
      })
    end
  end
  return {
    title = ("Athena: %s, %s"):format(name, words.count(#items, "file")),
    context = sides.LIST,
    items = items,
  }
end

---Tell in the quickfix list what became of the files since; whoever is at one stays there.
---@param list athena.ReviewList
local function list_again(list)
  async.run(function()
    local found = changes_of(list)
    local now = vim.fn.getqflist({ id = list.id, idx = 0, items = 0 })
    if now.id == 0 or list ~= listed then
      return
    end
    local here = now.items[now.idx]
    local what = list_of(list.agent, found)
    for index, item in ipairs(what.items) do
      if here and item.module == here.module then
        what.idx = index
      end
    end
    what.id = list.id
    vim.fn.setqflist({}, "r", what)
    vim.cmd.redrawstatus({ bang = true })
  end)
end

state.on("athena.review", function(change)
  if listed and sides.concerns(change, listed.agent) then
    list_again(listed)
  end
end)

---Open the review of what an agent changed.
---@param agent string id
---@param scope athena.Scope
---@param turnId? string
---@param repository? string only there; without one, in all where the agent works
function M.open(agent, scope, turnId, repository)
  local names = vim.tbl_map(function(place)
    return place.name
  end, places.of(state.agents[agent]))
  local asked = {
    agent = agent,
    scope = turnId and "turn" or scope,
    turnId = turnId,
    repositories = not repository and #names > 0 and names or { repository or places.OWN },
  }
  local found = changes_of(asked)
  local what = list_of(agent, found)
  if #what.items == 0 then
    local name = state.agents[agent] and state.agents[agent].name or agent
    return words.tell(("%s changed nothing"):format(name))
  end
  vim.fn.setqflist({}, " ", what)
  asked.id = vim.fn.getqflist({ id = 0 }).id
  listed = asked --[[@as athena.ReviewList]]
  vim.cmd("tab split")
  vim.t.athena_review = true
  vim.cmd("silent cfirst")
  local added, removed = 0, 0
  for _, part in ipairs(found) do
    added, removed = added + part.changes.additions, removed + part.changes.deletions
  end
  words.tell(("%s, +%d -%d"):format(words.count(#what.items, "file"), added, removed))
end

function M.close()
  if vim.t.athena_review and #vim.api.nvim_list_tabpages() > 1 then
    vim.cmd.tabclose()
  else
    ui.close()
  end
end

---Go to the next file of the quickfix list, in the window of the new side.
---@param direction 1|-1
function M.step(direction)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local here = sides.get(vim.api.nvim_win_get_buf(window))
    if here and here.place.side == "new" then
      vim.api.nvim_set_current_win(window)
    end
  end
  local ok = pcall(function()
    vim.cmd(("silent %d%s"):format(vim.v.count1, direction == 1 and "cnext" or "cprev"))
  end)
  if not ok then
    return words.tell(direction == 1 and "this is the last file" or "this is the first file")
  end
  sides.to_first_change(vim.api.nvim_get_current_win())
end

---Go to the next hunk. Neovim's own `]c` also stops inside of one, where lines are matched.
---@param direction 1|-1
function M.jump(direction)
  local here = sides.here()
  local starts = vim.tbl_map(function(hunk)
    return (sides.lines_of(hunk, here.place.side))
  end, here.file and here.file.hunkList or {})
  for _ = 1, vim.v.count1 do
    local line, target = vim.fn.line("."), nil
    for _, start in ipairs(starts) do
      if direction == 1 and start > line then
        target = target or start
      elseif direction == -1 and start < line then
        target = start
      end
    end
    if not target then
      return words.tell(direction == 1 and "this is the last change" or "this is the first change")
    end
    vim.api.nvim_win_set_cursor(0, { math.min(target, vim.fn.line("$")), 0 })
  end
  sides.reveal(vim.api.nvim_get_current_win())
end

---Edit the file itself, in the agent's workspace.
function M.edit()
  local place = sides.here().place
  local folder = places.worktree(state.agents[place.agent], place.repository)
  if not folder then
    return words.tell("this agent has no workspace")
  end
  local line = sides.new_line(vim.fn.line("."))
  vim.cmd("tabedit " .. vim.fn.fnameescape(folder .. "/" .. place.path))
  pcall(vim.api.nvim_win_set_cursor, 0, { line, 0 })
end

---@param place athena.ReviewPlace
---@param verdict athena.Verdict
---@param more table
local function give(place, verdict, more)
  local params = {
    agent = place.agent,
    repository = place.repository,
    scope = place.scope,
    turnId = place.turnId,
    verdict = verdict,
  }
  async.run(function()
    client.call("athena/review/verdict", vim.tbl_extend("force", params, more))
  end)
end

---A verdict on the hunks of some lines of the current buffer.
---@param verdict athena.Verdict
---@param first integer
---@param last integer
local function give_lines(verdict, first, last)
  local place = sides.here().place
  local hunks = sides.hunks(first, last)
  if #hunks == 0 then
    return words.tell("there is no change here; ]c goes to the next")
  end
  local ids = vim.tbl_map(function(hunk)
    return hunk.hunkId
  end, hunks)
  give(place, verdict, { path = place.path, hunkIds = ids })
end

---A verdict on the hunk at the cursor, or on those of the selection.
---@param verdict athena.Verdict
function M.verdict_here(verdict)
  local first, last = vim.fn.line("."), vim.fn.line(".")
  if vim.fn.mode():find("[vV\22]") then
    first = vim.fn.line("v")
    vim.api.nvim_feedkeys(vim.keycode("<Esc>"), "nx", false)
  end
  give_lines(verdict, math.min(first, last), math.max(first, last))
end

---@param verdict athena.Verdict
function M.verdict_file(verdict)
  local place = sides.here().place
  give(place, verdict, { path = place.path })
end

---`:Athena accept` and its like: the hunks of the lines in a review, else what is asked for.
---@param command athena.Command
---@param given athena.Given
---@param verdict athena.Verdict
function M.verdict_command(command, given, verdict)
  if sides.get() and not given.agent then
    local lines = given.range or { vim.fn.line("."), vim.fn.line(".") }
    return give_lines(verdict, lines[1], lines[2])
  end
  require("athena.commands").general(command, given)
end

---@param first integer
---@param last integer
---@param send boolean
local function comment(first, last, send)
  local place = sides.here().place
  local line, last_line = sides.new_line(first), sides.new_line(last)
  async.run(function()
    local where = words.lines(line, last_line)
    local file = places.shown(place.repository, place.path)
    local text = async.input(("Comment on %s:%s"):format(file, where))
    if text and text ~= "" then
      client.call("athena/review/comment", {
        agent = place.agent,
        repository = place.repository,
        path = place.path,
        line = line,
        endLine = last_line ~= line and last_line or nil,
        text = text,
        turnId = place.turnId,
        send = send,
      })
      words.tell(send and "the comment was sent" or "noted; gs sends the comments")
      -- It is shown below its line.
      sides.reveal(vim.api.nvim_get_current_win())
    end
  end)
end

local sends = false

---An operator that comments on what a motion covers.
---@param send boolean whether the comment goes to the agent at once
---@return string
function M.comment_operator(send)
  sends = send
  vim.o.operatorfunc = "v:lua.require'athena.review'.comment_lines"
  return "g@"
end

---For 'operatorfunc'.
function M.comment_lines()
  comment(vim.fn.line("'["), vim.fn.line("']"), sends)
end

---`:Athena comment`
---@param command athena.Command
---@param given athena.Given
function M.comment_command(command, given)
  local here = sides.get()
  if not here or given.agent then
    return require("athena.commands").general(command, given)
  end
  local lines = given.range or { vim.fn.line("."), vim.fn.line(".") }
  if not given.text then
    return comment(lines[1], lines[2], given.send == true)
  end
  client.call("athena/review/comment", {
    agent = here.place.agent,
    repository = here.place.repository,
    path = here.place.path,
    line = sides.new_line(lines[1]),
    endLine = lines[2] ~= lines[1] and sides.new_line(lines[2]) or nil,
    text = given.text,
    turnId = here.place.turnId,
    send = given.send == true,
  })
end

return M
