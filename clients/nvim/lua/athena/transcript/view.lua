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

---The item at a line from 1, its place, and the line within it from 0.
---@param lnum integer
---@return string? item
---@return integer? index
---@return integer? offset
function View:at(lnum)
  local line = #self.header
  for index, size in ipairs(self.sizes) do
    if lnum <= line + size then
      return self.shown[index], index, math.max(0, lnum - line - 1)
    end
    line = line + size
  end
  return self.shown[#self.shown], #self.shown, 0
end

---@class athena.Place
---@field window integer
---@field follows boolean
---@field item? string
---@field offset? integer
---@field column integer

---@return athena.Place[]
function View:places()
  local count = vim.api.nvim_buf_line_count(self.buffer)
  local places = {}
  for _, window in ipairs(buffers.windows(self.buffer)) do
    local cursor = vim.api.nvim_win_get_cursor(window)
    local item, _, offset = self:at(cursor[1])
    table.insert(places, {
      window = window,
      follows = self.follows and cursor[1] >= count,
      item = item,
      offset = offset,
      column = cursor[2],
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

---@param places athena.Place[]
---@param moved boolean whether lines changed their places
function View:keep(places, moved)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  for _, place in ipairs(places) do
    if place.follows then
      vim.api.nvim_win_set_cursor(place.window, { count, 0 })
      fill(place.window)
    elseif moved and place.item then
      for index, id in ipairs(self.shown) do
        if id == place.item then
          local lnum = math.min(self:start(index) + (place.offset or 0) + 1, count)
          vim.api.nvim_win_set_cursor(place.window, { lnum, place.column })
        end
      end
    end
  end
end

---Show everything anew.
function View:render()
  local places = self:places()
  local lines, marks, levels = vim.deepcopy(self.header), {}, {}
  for index in ipairs(lines) do
    levels[index] = 0
    table.insert(marks, { index - 1, 0, -1, "AthenaMuted" })
  end
  self.shown, self.sizes = {}, {}
  for _, id in ipairs(self.model.order) do
    if self.accepts(self.model.items[id]) then
      table.insert(self.shown, id)
    end
  end
  for index in ipairs(self.shown) do
    local block = self:block(index)
    for _, mark in ipairs(block.marks) do
      table.insert(marks, { #lines + mark[1], mark[2], mark[3], mark[4] })
    end
    table.insert(self.sizes, #block.lines)
    vim.list_extend(lines, block.lines)
    vim.list_extend(levels, levels_of(block))
  end
  for _, mark in ipairs(self.footer_marks) do
    table.insert(marks, { #lines + mark[1], mark[2], mark[3], mark[4] })
  end
  vim.list_extend(lines, self.footer)
  self.levels = levels
  buffers.set(self.buffer, 0, -1, lines, marks)
  self:keep(places, true)
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

---Replace the levels of some lines.
---@param first integer from 0
---@param removed integer
---@param new (string|integer)[]
local function splice(levels, first, removed, new)
  local tail = {}
  for index = first + removed + 1, #levels do
    tail[#tail + 1] = levels[index]
  end
  for index = #levels, first + 1, -1 do
    levels[index] = nil
  end
  vim.list_extend(levels, new)
  vim.list_extend(levels, tail)
end

---Show what changed: items that were there already, or that came at the end.
---@param changed table<string, boolean> id to whether it is new
function View:update(changed)
  local known = {} ---@type table<string, integer>
  local places = self:places()
  for index, id in ipairs(self.shown) do
    known[id] = index
  end
  local last = self.model.items[self.shown[#self.shown]]
  local came = {}
  for id in pairs(changed) do
    local item = self.model.items[id]
    if item and not known[id] and self.accepts(item) then
      if last and item.version < last.version then
        return self:render()
      end
      table.insert(came, item)
    end
  end
  table.sort(came, function(a, b)
    return a.version < b.version
  end)
  for id in pairs(changed) do
    local index = known[id]
    if index then
      self:replace(index, self.sizes[index])
    end
  end
  for _, item in ipairs(came) do
    table.insert(self.shown, item.itemId)
    self.sizes[#self.shown] = 0
    self:join(#self.shown - 1)
    self:replace(#self.shown, 0)
  end
  self:keep(places, false)
end

---@param index integer
---@param size integer how many lines it has now
function View:replace(index, size)
  local block = self:block(index)
  local start = self:start(index)
  -- Neovim asks for the levels while the lines are being set.
  splice(self.levels, start, size, levels_of(block))
  self.sizes[index] = #block.lines
  buffers.set(self.buffer, start, start + size, block.lines, block.marks)
end

---Show an item as it is now that another one, or none, follows it.
---@param index integer
function View:join(index)
  local item = self.model.items[self.shown[index]]
  if item and item.item.type == "toolCall" then
    self:replace(index, self.sizes[index])
  end
end

---Show no more than the first items.
---@param count integer
function View:shorten(count)
  local start, stop = self:start(count + 1), self:start(#self.shown + 1)
  for index = #self.shown, count + 1, -1 do
    self.shown[index], self.sizes[index] = nil, nil
  end
  splice(self.levels, start, stop - start, {})
  buffers.set(self.buffer, start, stop, {})
  self:join(count)
end

---@param lines string[]
---@param marks athena.Mark[]
function View:set_footer(lines, marks)
  if vim.deep_equal(lines, self.footer) then
    return
  end
  local places = self:places()
  local start = self:start(#self.shown + 1)
  self.footer, self.footer_marks = lines, marks
  buffers.set(self.buffer, start, -1, lines, marks)
  self:keep(places, false)
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
