---Highlight groups: links to those of the colour scheme, which the user may set otherwise.

local M = {}

-- The group that is linked to, and others where that cannot be read: a scheme that sets no groups for
-- diagnostics leaves those of Neovim, which are too pale on a light background.
---@type table<string, string[]>
local LINKS = {
  AthenaTitle = { "Title" },
  AthenaName = { "Identifier" },
  AthenaMuted = { "Comment" },
  AthenaKey = { "Special" },
  AthenaWorking = { "DiagnosticInfo", "Special", "Normal" },
  AthenaWaiting = { "DiagnosticWarn", "WarningMsg", "Normal" },
  AthenaIdle = { "Comment" },
  AthenaDone = { "Added", "String", "Normal" },
  AthenaFailed = { "DiagnosticError", "WarningMsg", "Normal" },
  AthenaUser = { "Title" },
  AthenaTool = { "Function" },
  AthenaReasoning = { "Comment" },
  AthenaAdded = { "Added", "String", "Normal" },
  AthenaRemoved = { "Removed", "WarningMsg", "Normal" },
  AthenaOld = { "DiffDelete" },
  AthenaAccepted = { "Added", "String", "Normal" },
  AthenaRejected = { "Removed", "WarningMsg", "Normal" },
  AthenaOpen = { "DiagnosticInfo", "Special", "Normal" },
  AthenaComment = { "DiagnosticHint", "PreProc", "Normal" },
}

-- The least ratio of luminances that large text needs (WCAG 2, 1.4.3).
local READABLE = 3

---@param color integer as 0xRRGGBB
---@return number from 0 (black) to 1 (white)
local function luminance(color)
  local sum = 0 ---@type number
  for shift, weight in pairs({ [16] = 0.2126, [8] = 0.7152, [0] = 0.0722 }) do
    local part = bit.band(bit.rshift(color, shift), 0xFF) / 255
    sum = sum + weight * (part <= 0.04045 and part / 12.92 or ((part + 0.055) / 1.055) ^ 2.4)
  end
  return sum
end

---Whether text of a group stands out from what is behind it.
---@param group string
---@return boolean
local function readable(group)
  local here = vim.api.nvim_get_hl(0, { name = group, link = false })
  local normal = vim.api.nvim_get_hl(0, { name = "Normal", link = false })
  local behind = here.bg or normal.bg or (vim.o.background == "light" and 0xFFFFFF or 0)
  if not here.fg then
    return true
  end
  local one, other = luminance(here.fg) + 0.05, luminance(behind) + 0.05
  return math.max(one, other) / math.min(one, other) >= READABLE
end

---Link all groups, but for those that the user set.
function M.set()
  for name, targets in pairs(LINKS) do
    local target = vim.tbl_filter(readable, targets)[1] or targets[#targets]
    local set = vim.api.nvim_get_hl(0, { name = name })
    -- A link that is ours gives way to another; `default` would leave it.
    local ours = set.link and vim.list_contains(targets, set.link) or false
    vim.api.nvim_set_hl(0, name, { link = target, default = not ours })
  end
end

M.set()
vim.api.nvim_create_autocmd("ColorScheme", {
  group = vim.api.nvim_create_augroup("athena.highlights", {}),
  callback = M.set,
})

return M
