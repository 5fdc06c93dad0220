---Going from turn to turn in a transcript, also to one that is far from what was read.

local client = require("athena.client")

local M = {}

---@param window integer
---@param lnum integer
function M.show(window, lnum)
  vim.api.nvim_win_set_cursor(window, { lnum, 0 })
  vim.api.nvim_win_call(window, function()
    vim.cmd("normal! zt")
  end)
end

---The item at the cursor of a window.
---@param view athena.TranscriptView
---@param window integer
---@return athena.TranscriptItem?
function M.item(view, window)
  local id = view:at(vim.api.nvim_win_get_cursor(window)[1])
  return id and view.model.items[id]
end

---The line at which a turn begins, so many turns from the cursor; nil where that is not in the buffer.
---@param view athena.TranscriptView
---@param window integer
---@param turns integer
---@return integer?
function M.line(view, window, turns)
  local lnum, found = vim.api.nvim_win_get_cursor(window)[1], view:turns()
  -- The first one here may have begun before what was read.
  local first = turns < 0 and view.model.before and 2 or 1
  local after = #found + 1
  for index = #found, 1, -1 do
    after = found[index].lnum > lnum and index or after
  end
  local before = after - 1
  if found[before] and found[before].lnum == lnum then
    before = before - 1
  end
  local index = turns > 0 and after + turns - 1 or before + turns + 1
  return index >= first and found[index] and found[index].lnum or nil
end

---Bring a window to an item, which is read if it is not there.
---@param feed athena.Feed
---@param window integer
---@param version integer
function M.reach(feed, window, version)
  feed:reach(version, function()
    local is_shown = vim.api.nvim_win_is_valid(window)
      and vim.api.nvim_win_get_buf(window) == feed.view.buffer
    if is_shown then
      M.show(window, feed.view:line_of(version))
    end
  end)
end

---Go to another turn, which may be far from what was read; in `async.run`.
---@param feed athena.Feed
---@param window integer
---@param turns integer
function M.go(feed, window, turns)
  local item = M.item(feed.view, window)
  local asked = { agent = feed.view.model.agent, version = item and item.version, turns = turns }
  M.reach(feed, window, client.call("athena/transcript/locate", asked).version)
end

return M
