---A model shown in a buffer: blocks of lines, one per item, that are replaced where something
---changed. What follows the end goes on following; whoever moved up stays where they are.

local buffers = require("athena.ui.buffer")
local items = require("athena.transcript.items")

---@class athena.TranscriptView
---@field buffer integer
---@field model athena.Model
---@field root? string paths in it are shown relative to it
---@field accepts fun(item: athena.TranscriptItem): boolean
---@field follows boolean whether a cursor at the end goes on with it
---@field shown string[] ids of the items, in order
---@field sizes integer[] count of lines of each
---@field levels (string|integer)[] fold level by line
---@field header string[]
---@field footer string[]
---@field footer_marks athena.Mark[]
---@field places? athena.Place[] where windows were before what is being changed
---@field moved boolean whether lines that stayed have other numbers since then
local View = {}
View.__index = View

local DRAWN_MS = 50

local M = {}
---@type table<integer, athena.TranscriptView>
local by_buffer = {}

---@param buffer integer
---@param model athena.Model
---@return athena.TranscriptView
function M.new(buffer, model)
  local view = setmetatable({
    buffer = buffer,
    model = model,
    follows = true,
    shown = {},
    sizes = {},
    levels = {},
    moved = false,
    header = {},
    footer = {},
    footer_marks = {},
    accepts = function()
      return true
    end,
  }, View)
  by_buffer[buffer] = view
  return view
end

---@param buffer integer
function M.forget(buffer)
  by_buffer[buffer] = nil
end

---For 'foldexpr'.
---@param lnum integer
---@return string|integer
function M.fold(lnum)
  local view = by_buffer[vim.api.nvim_get_current_buf()]
  return view and view.levels[lnum] or 0
end

---@param block athena.Block
---@return (string|integer)[]
local function levels_of(block)
  local levels = {}
  for index = 1, #block.lines do
    local inside = block.fold and index >= block.fold and index <= block.last
    levels[index] = not inside and 0 or index == block.fold and ">1" or 1
  end
  return levels
end

---@param index integer its place among those shown
---@return athena.Block
function View:block(index)
  local item = self.model.items[self.shown[index]]
  local above = self.model.items[self.shown[index - 1]]
  local first = item.turnId and not (above and above.turnId == item.turnId)
  local below = self.model.items[self.shown[index + 1]]
  return items.render(item, first and self.model.turns[item.turnId] or nil, self.root, below)
end

---The line, from 0, at which an item begins.
---@param index integer
---@return integer
function View:start(index)
  local line = #self.header
  for before = 1, index - 1 do
    line = line + self.sizes[before]
  end
  return line
end

---The item at a line from 1, and its place; the nearest one of a line that is above or below all.
---@param lnum integer
---@return string? item
---@return integer? index
function View:at(lnum)
  local line = #self.header
  for index, size in ipairs(self.sizes) do
    line = line + size
    if lnum <= line then
      return self.shown[index], index
    end
  end
  return self.shown[#self.shown], #self.shown
end

---The line, from 1, of an item; nil where it is not shown.
---@param item string
---@return integer?
function View:line(item)
  for index, id in ipairs(self.shown) do
    if id == item then
      return self:start(index) + 1
    end
  end
end

---@class athena.Spot
---@field item? string
---@field offset integer from its first line, also beyond its own: above all items or below them

---@param lnum integer
---@return athena.Spot
function View:spot(lnum)
  local item, index = self:at(lnum)
  return { item = item, offset = lnum - 1 - self:start(index or 1) }
end

---@param spot athena.Spot
---@return integer? lnum
function View:lnum(spot)
  local line = spot.item and self:line(spot.item)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  return line and math.max(1, math.min(line + spot.offset, count))
end

---@class athena.Place
---@field window integer
---@field follows boolean
---@field cursor athena.Spot
---@field column integer
---@field top athena.Spot

---@return athena.Place[]
function View:look()
  local count = vim.api.nvim_buf_line_count(self.buffer)
  local places = {}
  for _, window in ipairs(buffers.windows(self.buffer)) do
    local cursor = vim.api.nvim_win_get_cursor(window)
    table.insert(places, {
      window = window,
      follows = self.follows and cursor[1] >= count,
      cursor = self:spot(cursor[1]),
      column = cursor[2],
      top = self:spot(vim.fn.line("w0", window)),
    })
  end
  return places
end

---@type table<integer, true> windows that are to be filled when they have been drawn
local filling = {}

---Where less is shown than before, a window that follows would be empty below the last line: now,
---or when folds have closed, which some versions do only as they draw.
---@param window integer
local function fill(window)
  local function fill_now()
    filling[window] = nil
    -- In a command line or a completion it would be the end of what the user is at.
    if vim.api.nvim_win_is_valid(window) and vim.api.nvim_get_mode().mode == "n" then
      vim.api.nvim_win_call(window, function()
        if vim.fn.line(".") == vim.fn.line("$") then
          vim.cmd("normal! zb")
        end
      end)
    end
  end
  if not filling[window] then
    fill_now()
    filling[window] = true
    vim.defer_fn(fill_now, DRAWN_MS)
  end
end

---Where a window that was just opened follows the end, let no line below it be empty.
---@param window integer
function View:opened(window)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  if self.follows and vim.api.nvim_win_get_cursor(window)[1] >= count then
    fill(window)
  end
end

---Bring windows back to where they were.
---@param places athena.Place[]
function View:restore(places)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  for _, place in ipairs(places) do
    local lnum = not place.follows and self.moved and self:lnum(place.cursor)
    if place.follows then
      vim.api.nvim_win_set_cursor(place.window, { count, 0 })
      fill(place.window)
    elseif lnum then
      vim.api.nvim_win_set_cursor(place.window, { lnum, place.column })
      local top = self:lnum(place.top)
      vim.api.nvim_win_call(place.window, function()
        -- The first line where what was above is gone; from there Neovim scrolls to the cursor.
        vim.fn.winrestview({ topline = top or 1 })
      end)
    elseif self.moved then
      -- What it was at is gone, and its last line may have come to be the first on the screen.
      fill(place.window)
    end
  end
end

---Change what is shown, in one or more steps, and keep windows where they are. They are looked at
---and moved once: Neovim may parse all of a buffer that was changed to find a place in it.
---@param change fun()
function View:keeping(change)
  if self.places then
    return change()
  end
  self.places, self.moved = self:look(), false
  local done, failure = pcall(change)
  local places = self.places
  self.places = nil
  if not done then
    error(failure, 0)
  end
  self:restore(places)
end

---The items that are to be shown, in order.
---@return string[]
function View:accepted()
  local found = {}
  for _, id in ipairs(self.model.order) do
    if self.accepts(self.model.items[id]) then
      found[#found + 1] = id
    end
  end
  return found
end

---What some of the items look like.
---@param first integer
---@param last integer
---@return { lines: string[], marks: athena.Mark[], levels: (string|integer)[], sizes: integer[] }
function View:draw(first, last)
  local lines, marks, levels, sizes = {}, {}, {}, {}
  for index = first, last do
    local block = self:block(index)
    for _, mark in ipairs(block.marks) do
      table.insert(marks, { #lines + mark[1], mark[2], mark[3], mark[4] })
    end
    table.insert(sizes, #block.lines)
    vim.list_extend(lines, block.lines)
    vim.list_extend(levels, levels_of(block))
  end
  return { lines = lines, marks = marks, levels = levels, sizes = sizes }
end

---@param lines string[]
---@return athena.Mark[] marks
---@return integer[] levels
local function muted(lines)
  local marks, levels = {}, {}
  for index in ipairs(lines) do
    marks[index] = { index - 1, 0, -1, "AthenaMuted" }
    levels[index] = 0
  end
  return marks, levels
end

---Show everything anew.
function View:render()
  self:keeping(function()
    self:draw_all()
  end)
end

function View:draw_all()
  self.shown = self:accepted()
  local lines, drawn = vim.list_extend({}, self.header), self:draw(1, #self.shown)
  local marks, levels = muted(lines)
  for _, part in ipairs({ { drawn.lines, drawn.marks }, { self.footer, self.footer_marks } }) do
    for _, mark in ipairs(part[2]) do
      table.insert(marks, { #lines + mark[1], mark[2], mark[3], mark[4] })
    end
    vim.list_extend(lines, part[1])
  end
  self.sizes = drawn.sizes
  self.levels = vim.list_extend(levels, drawn.levels)
  self.moved = true
  buffers.set(self.buffer, 0, -1, lines, marks)
end

---The first and the last item that may be in a window, when changes began.
---@return string? first
---@return string? last
function View:seen()
  local index_of = {} ---@type table<string, integer>
  for index, id in ipairs(self.shown) do
    index_of[id] = index
  end
  local first, last = #self.shown + 1, 0
  for _, place in ipairs(self.places or self:look()) do
    local top, cursor = index_of[place.top.item], index_of[place.cursor.item]
    if top and cursor then
      -- An item has a line at least. Who follows will be at the end.
      local height = vim.api.nvim_win_get_height(place.window)
      local bottom = place.follows and #self.shown or math.min(top + height, #self.shown)
      first = math.min(first, top, cursor)
      last = math.max(last, bottom, cursor)
    end
  end
  return self.shown[first], self.shown[last]
end

---The line, from 1, of the first item that is shown and began at a place or later.
---@param version integer
---@return integer
function View:line_of(version)
  local line = #self.header
  for index, id in ipairs(self.shown) do
    if self.model.items[id].version >= version then
      break
    end
    line = line + self.sizes[index]
  end
  return math.min(line + 1, vim.api.nvim_buf_line_count(self.buffer))
end

---Replace a part of a list.
---@param list any[]
---@param first integer from 0
---@param removed integer
---@param new any[]
local function splice(list, first, removed, new)
  local tail = {}
  for index = first + removed + 1, #list do
    tail[#tail + 1] = list[index]
  end
  for index = #list, first + 1, -1 do
    list[index] = nil
  end
  vim.list_extend(list, new)
  vim.list_extend(list, tail)
end

---How many of a list are the same in another one, at the beginning and at the end.
---@param old string[]
---@param new string[]
---@return integer above
---@return integer below
local function kept(old, new)
  local most, above, below = math.min(#old, #new), 0, 0
  while above < most and old[above + 1] == new[above + 1] do
    above = above + 1
  end
  while below < most - above and old[#old - below] == new[#new - below] do
    below = below + 1
  end
  return above, below
end

---Show what is different: items that came or went, in one place, and some that changed.
---@param changed table<string, true> the ids of these
function View:update(changed)
  self:keeping(function()
    self:draw_changes(changed)
  end)
end

---@param changed table<string, true>
function View:draw_changes(changed)
  local old, new = self.shown, self:accepted()
  local above, below = kept(old, new)
  local gone, came = #old - above - below, #new - above - below
  self.shown = new
  if gone + came > 0 then
    self:exchange(above + 1, gone, came)
    self:join(above)
    self:join(above + came + 1)
  end
  for index, id in ipairs(new) do
    if changed[id] and (index <= above or index > above + came) then
      self:replace(index)
    end
  end
  -- Below the end of what does not follow is what leads on, and nobody is to be taken along by it.
  self.moved = self.moved or gone + came > 0 and (below > 0 or not self.follows)
end

---Draw items in the place of others; their ids are among those shown already.
---@param first integer
---@param gone integer how many others
---@param came integer how many there are now
function View:exchange(first, gone, came)
  local start, size = self:start(first), 0
  for index = first, first + gone - 1 do
    size = size + self.sizes[index]
  end
  local drawn = self:draw(first, first + came - 1)
  -- A buffer of nothing has an empty line.
  local stop = #self.levels + #self.footer == 0 and -1 or start + size
  -- Neovim asks for the levels while the lines are being set.
  splice(self.levels, start, size, drawn.levels)
  splice(self.sizes, first - 1, gone, drawn.sizes)
  buffers.set(self.buffer, start, stop, drawn.lines, drawn.marks)
end

---@param index integer
function View:replace(index)
  self:exchange(index, 1, 1)
end

---Show an item as it is now that others, or none, stand beside it.
---@param index integer
function View:join(index)
  if self.shown[index] then
    local start = self:start(index)
    local stop = start + self.sizes[index]
    local before = vim.api.nvim_buf_get_lines(self.buffer, start, stop, true)
    -- What is replaced is folded anew.
    if not vim.deep_equal(before, self:block(index).lines) then
      self:replace(index)
    end
  end
end

---@param lines string[]
function View:set_header(lines)
  if vim.deep_equal(lines, self.header) then
    return
  end
  self:keeping(function()
    local marks, levels = muted(lines)
    local size = #self.header
    splice(self.levels, 0, size, levels)
    self.header, self.moved = lines, true
    buffers.set(self.buffer, 0, size, lines, marks)
  end)
end

---@param lines string[]
---@param marks athena.Mark[]
function View:set_footer(lines, marks)
  if vim.deep_equal(lines, self.footer) then
    return
  end
  self:keeping(function()
    local start = self:start(#self.shown + 1)
    self.footer, self.footer_marks = lines, marks
    buffers.set(self.buffer, start, -1, lines, marks)
  end)
end

---The lines, from 1, at which turns begin.
---@return { lnum: integer, turn: string }[]
function View:turns()
  local found, line = {}, #self.header
  local above
  for index, id in ipairs(self.shown) do
    local turn = self.model.items[id].turnId
    if turn and turn ~= above then
      table.insert(found, { lnum = line + 1, turn = turn })
    end
    above = turn
    line = line + self.sizes[index]
  end
  return found
end

return M
