---What is too long for the line of messages, in a window above it until the next key is typed.

require("athena.highlights")

local M = {}

local KEYS = vim.api.nvim_create_namespace("athena.notice")
local MOST_LINES = 8

---@type integer?
local window

function M.close()
  vim.on_key(nil, KEYS)
  if window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
  window = nil
end

---@param text string
---@param level integer of `vim.log.levels`
function M.show(text, level)
  M.close()
  local width = vim.o.columns
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, { text })
  window = vim.api.nvim_open_win(buffer, false, {
    relative = "editor",
    anchor = "SW",
    row = vim.o.lines - vim.o.cmdheight,
    col = 0,
    width = width,
    height = math.min(MOST_LINES, math.ceil(vim.fn.strdisplaywidth(text) / (width - 8)) + 1),
    style = "minimal",
    border = { "", "─", "", "", "", "", "", "" },
    focusable = false,
    zindex = 70,
  })
  local highlight = level >= vim.log.levels.WARN and "AthenaWaiting" or "Normal"
  vim.wo[window].winhighlight = "NormalFloat:" .. highlight
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  if vim.api.nvim_win_text_height then
    vim.api.nvim_win_set_height(
      window,
      math.min(MOST_LINES, vim.api.nvim_win_text_height(window, {}).all)
    )
  end
  vim.on_key(vim.schedule_wrap(M.close), KEYS)
end

return M
