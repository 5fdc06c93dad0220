-- Neovim asks an agent, leaves the question open, and tells what it is shown meanwhile.
-- Run as: nvim --headless -u CONFIGURATION -l two.lua PROJECT

local project = arg[1]
local said = {}

vim.ui.select = function(_, opts)
  table.insert(said, "SHOWN " .. opts.prompt)
end
vim.lsp.handlers["window/showMessage"] = function(_, result)
  table.insert(said, result.message)
end

vim.cmd.edit(project .. "/ask.py")
vim.bo.filetype = "python"
assert(vim.wait(20000, function()
  return vim.lsp.get_clients({ bufnr = 0, name = "athena" })[1] ~= nil
end, 50))
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action)
    return vim.startswith(action.title, "Athena: Do what is selected")
  end,
  range = { start = { 1, 0 }, ["end"] = { vim.api.nvim_buf_line_count(0) + 1, 0 } },
})
local finished = vim.wait(40000, function()
  return table.concat(said, "\n"):match("Finished after") ~= nil
end, 50)
print(table.concat(said, "\n") .. "\n")
vim.cmd(finished and "qall!" or "cquit!")
