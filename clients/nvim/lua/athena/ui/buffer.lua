---Buffers that show something: made once per name, filled with lines and highlights, with keys that
---the user can change and that `g?` lists.

local config = require("athena.config")
require("athena.highlights")

local M = {}

---@class athena.Key
---@field [1] string key
---@field [2] string action, by which the user may choose another key
---@field [3] string what it does, for help
---@field [4] string|fun(): string? what is done; a command line, or a function
---@field mode? string|string[]
---@field expr? boolean

---@class athena.Mark
---@field [1] integer line, from 0
---@field [2] integer first byte
---@field [3] integer byte after the last; -1: the end of the line
---@field [4] string highlight group

local SPACE = vim.api.nvim_create_namespace("athena.buffer")

---@type table<integer, true> the buffers that were made here
local made = {}

---The buffer of a name, made if need be; true when it is new. A buffer that only has the name, from
---`:edit` or a session, is made into it.
---@param name string
---@param filetype string
---@return integer buffer
---@return boolean new
function M.get(name, filetype)
  local buffer = vim.fn.bufnr("^" .. vim.fn.escape(name, "[]*?{},\\") .. "$")
  if made[buffer] then
    return buffer, false
  end
  if buffer <= 0 then
    buffer = vim.api.nvim_create_buf(true, true)
    vim.api.nvim_buf_set_name(buffer, name)
  end
  made[buffer] = true
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].swapfile = false
  vim.cmd(("noautocmd call bufload(%d)"):format(buffer))
  vim.bo[buffer].buflisted = false
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].filetype = filetype
  vim.api.nvim_create_autocmd("BufUnload", {
    buffer = buffer,
    once = true,
    callback = function()
      made[buffer] = nil
    end,
  })
  return buffer, true
end

---Replace some lines of a buffer that the user cannot change.
---@param buffer integer
---@param first integer from 0
---@param last integer not included; -1: the end
---@param lines string[]
---@param marks? athena.Mark[] lines counted from `first`
function M.set(buffer, first, last, lines, marks)
  -- The highlights of lines that go would stay, without a width.
  vim.api.nvim_buf_clear_namespace(buffer, SPACE, first, last)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  for _, mark in ipairs(marks or {}) do
    local line = lines[mark[1] + 1]
    local stop = mark[3] == -1 and #line or math.min(mark[3], #line)
    vim.api.nvim_buf_set_extmark(buffer, SPACE, first + mark[1], math.min(mark[2], #line), {
      end_col = stop,
      hl_group = mark[4],
      priority = 120,
    })
  end
end

---@param view string
---@param key athena.Key
---@return string|false
local function chosen(view, key)
  local keys = config.get().keys[view]
  local own = keys and keys[key[2]]
  if own == nil then
    return key[1]
  end
  return own
end

---@param lines string[]
---@return integer
local function widest(lines)
  local found = 0
  for _, line in ipairs(lines) do
    found = math.max(found, vim.fn.strdisplaywidth(line))
  end
  return found
end

---The keys of a view, in two columns where one is too long for the screen.
---@param view string
---@param keys athena.Key[]
local function help(view, keys)
  local cells, wide = {}, 0
  for _, key in ipairs(keys) do
    local lhs = chosen(view, key)
    if lhs then
      table.insert(cells, { lhs, key[3] })
      wide = math.max(wide, vim.fn.strdisplaywidth(lhs))
    end
  end
  local lines = {} ---@type string[]
  for _, cell in ipairs(cells) do
    table.insert(lines, (" %s%s  %s "):format(cell[1], (" "):rep(wide - #cell[1]), cell[2]))
  end
  local half = math.ceil(#lines / 2)
  local left = vim.list_slice(lines, 1, half) --[[@as string[] ]]
  local right = vim.list_slice(lines, half + 1) --[[@as string[] ]]
  if #lines > vim.o.lines - 6 and widest(left) + widest(right) <= vim.o.columns - 4 then
    local column = widest(left)
    for index, line in ipairs(left) do
      local gap = (" "):rep(column - vim.fn.strdisplaywidth(line))
      left[index] = line .. gap .. (right[index] or "")
    end
    lines = left
  end
  M.float(lines, { title = " Keys " })
end

---@param buffer integer
---@param view string the name under which the user may change the keys
---@param keys athena.Key[]
function M.map(buffer, view, keys)
  keys = vim.list_extend(vim.deepcopy(keys), {
    {
      "g?",
      "help",
      "show these keys",
      function()
        help(view, keys)
      end,
    },
  })
  for _, key in ipairs(keys) do
    local lhs = chosen(view, key)
    if lhs then
      vim.keymap.set(key.mode or "n", lhs, key[4], {
        buffer = buffer,
        nowait = true,
        silent = true,
        expr = key.expr,
        desc = "Athena: " .. key[3],
      })
    end
  end
end

---Show lines in a window above the others that `q` and `<Esc>` close.
---@param lines string[]
---@param opts? { title?: string, filetype?: string, focus?: boolean }
---@return integer window
---@return integer buffer
function M.float(lines, opts)
  opts = opts or {}
  local width = math.min(math.max(20, widest(lines)), vim.o.columns - 4)
  local height = math.max(1, math.min(#lines, vim.o.lines - 6))
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].bufhidden = "wipe"
  if opts.filetype then
    vim.bo[buffer].filetype = opts.filetype
  end
  local window = vim.api.nvim_open_win(buffer, opts.focus ~= false, {
    relative = "editor",
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
    width = width,
    height = height,
    style = "minimal",
    border = "rounded",
    title = opts.title,
  })
  for _, lhs in ipairs({ "q", "<Esc>" }) do
    vim.keymap.set("n", lhs, "<Cmd>close<CR>", { buffer = buffer, nowait = true })
  end
  return window, buffer
end

---The windows of this tab, then of others, that show a buffer.
---@param buffer integer
---@return integer[]
function M.windows(buffer)
  return vim.fn.win_findbuf(buffer)
end

---Show a buffer: where it is already in this tab, else in the current window.
---@param buffer integer
---@param how? "split"|"vsplit"|"tab"
---@return integer window
function M.show(buffer, how)
  for _, window in ipairs(how ~= "tab" and vim.api.nvim_tabpage_list_wins(0) or {}) do
    if vim.api.nvim_win_get_buf(window) == buffer then
      vim.api.nvim_set_current_win(window)
      return window
    end
  end
  if how == "split" then
    vim.cmd("botright split")
  elseif how == "vsplit" then
    vim.cmd("botright vsplit")
  elseif how == "tab" then
    vim.cmd("tab split")
  end
  vim.api.nvim_win_set_buf(0, buffer)
  return vim.api.nvim_get_current_win()
end

---Text as it is, for 'winbar'.
---@param text string
---@return string
function M.bar_text(text)
  return (text:gsub("%%", "%%%%"))
end

---Options of a window that shows one of our buffers.
---@param window integer
---@param more? table<string, any>
function M.plain(window, more)
  local options = {
    number = false,
    relativenumber = false,
    signcolumn = "no",
    foldcolumn = "0",
    list = false,
    spell = false,
    cursorline = true,
  }
  for name, value in pairs(vim.tbl_extend("force", options, more or {})) do
    vim.api.nvim_set_option_value(name, value, { win = window, scope = "local" })
  end
end

---Close the window, or leave the buffer where it is the only one.
function M.close()
  if #vim.api.nvim_tabpage_list_wins(0) > 1 or #vim.api.nvim_list_tabpages() > 1 then
    vim.cmd.close()
  elseif vim.fn.bufnr("#") > 0 and vim.fn.bufnr("#") ~= vim.fn.bufnr("%") then
    vim.cmd.buffer("#")
  else
    vim.cmd.enew()
  end
end

return M
