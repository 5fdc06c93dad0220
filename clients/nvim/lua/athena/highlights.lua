---Highlight groups: links to those of the colour scheme, which the user may set otherwise.

local M = {}

local LINKS = {
  AthenaTitle = "Title",
  AthenaName = "Identifier",
  AthenaMuted = "Comment",
  AthenaKey = "Special",
  AthenaWorking = "DiagnosticInfo",
  AthenaWaiting = "DiagnosticWarn",
  AthenaIdle = "Comment",
  AthenaDone = "Added",
  AthenaFailed = "DiagnosticError",
  AthenaUser = "Title",
  AthenaTool = "Function",
  AthenaReasoning = "Comment",
  AthenaAdded = "Added",
  AthenaRemoved = "Removed",
  AthenaOld = "DiffDelete",
  AthenaAccepted = "Added",
  AthenaRejected = "Removed",
  AthenaOpen = "DiagnosticInfo",
  AthenaComment = "DiagnosticHint",
}

function M.set()
  for name, target in pairs(LINKS) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end

M.set()
vim.api.nvim_create_autocmd("ColorScheme", {
  group = vim.api.nvim_create_augroup("athena.highlights", {}),
  callback = M.set,
})

return M
