---A line for 'winbar' that fits its window: what matters least is left out first.

local words = require("athena.words")

local M = {}

---@class athena.BarPart
---@field [1] string text
---@field [2] string? highlight group
---@field glue? string what stands before it
---@field rank? integer the higher, the earlier it gives way; without one it stays
---@field cut? boolean whether it may be shortened
---@field shorter? string what may stand there instead

local GLUE = " · "
local SHORTEST = 12
-- How keys are found gives way before anything that is said nowhere else.
local HINT_RANK = 9

---@param part athena.BarPart
---@param first boolean
---@return integer
local function width_of(part, first)
  local glue = first and "" or part.glue or GLUE
  return vim.fn.strdisplaywidth(glue) + vim.fn.strdisplaywidth(part[1])
end

---@param parts athena.BarPart[]
---@return integer
local function total(parts)
  local sum = 0
  for index, part in ipairs(parts) do
    sum = sum + width_of(part, index == 1)
  end
  return sum
end

---Make a part shorter by some cells, if it stays readable.
---@param part athena.BarPart
---@param excess integer
---@return boolean
local function shorten(part, excess)
  local width = vim.fn.strdisplaywidth(part[1]) - excess
  if part.shorter then
    part[1], part.shorter = part.shorter, nil
  elseif part.cut and width >= SHORTEST then
    part[1] = words.line(part[1], width)
  else
    return false
  end
  return true
end

---Shorten or leave out one part; false when nothing more can be.
---@param parts athena.BarPart[]
---@param excess integer
---@return boolean
local function give_way(parts, excess)
  local least
  for index, part in ipairs(parts) do
    if part.rank and (not least or part.rank > parts[least].rank) then
      least = index
    end
  end
  if least then
    if not shorten(parts[least], excess) then
      table.remove(parts, least)
    end
    return true
  end
  for _, part in ipairs(parts) do
    if shorten(part, excess) then
      return true
    end
  end
  return false
end

---The line for a window that is `width` wide.
---@param width integer
---@param parts athena.BarPart[] the last resort is to shorten those that may be
---@param hint? string the keys that matter most, to the right, before `g? keys`
---@return string
function M.compose(width, parts, hint)
  parts = vim.deepcopy(parts)
  local keys = { "g? keys", glue = "  ", rank = HINT_RANK }
  if hint then
    keys[1], keys.shorter = hint .. " · g? keys", "g? keys"
  end
  table.insert(parts, keys)
  local room = width - 2
  while total(parts) > room and give_way(parts, total(parts) - room) do
  end
  local line = " "
  for index, part in ipairs(parts) do
    local text = part[1]:gsub("%%", "%%%%")
    if part == keys then
      line = line .. "%=%#AthenaMuted#" .. text
    else
      local glue = index == 1 and "" or part.glue or GLUE
      line = line .. glue .. (part[2] and ("%%#%s#%s%%*"):format(part[2], text) or text)
    end
  end
  return line .. "%< "
end

---The window whose 'winbar' is being drawn: its buffer and its width.
---@return integer buffer
---@return integer width
function M.drawn()
  local window = vim.g.statusline_winid or 0
  return vim.api.nvim_win_get_buf(window), vim.api.nvim_win_get_width(window)
end

return M
