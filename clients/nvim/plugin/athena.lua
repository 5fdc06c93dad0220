-- Only names are made here; whatever a name stands for is loaded when it is used first.
if vim.g.loaded_athena then
  return
end
vim.g.loaded_athena = 1

vim.api.nvim_create_user_command("Athena", function(opts)
  require("athena.commands").execute(opts)
end, {
  nargs = "*",
  range = true,
  bang = true,
  desc = "Athena: coding agents side by side",
  complete = function(lead, line, position)
    return require("athena.commands").complete(lead, line, position)
  end,
})

-- The words of the commands, so that the table of all need not be loaded; a test compares.
local words = "spawn sessions import-session adopt agents prompt steer withdraw interrupt stop kill resume rename archive "
  .. "unarchive mode model option move fork logs compare transcript inbox answer allow deny dismiss "
  .. "rules rule-add rule-remove changes accept reject reopen comment comments resolve send apply "
  .. "who merge publish revert undo workspaces commit remove recover rescues checkpoints prune "
  .. "collisions trust run harnesses archetypes info metrics doctor export verify backup replay restart"
for word in words:gmatch("%S+") do
  vim.keymap.set("n", "<Plug>(athena-" .. word .. ")", "<Cmd>Athena " .. word .. "<CR>")
  vim.keymap.set("x", "<Plug>(athena-" .. word .. ")", ":Athena " .. word .. "<CR>")
end
for _, name in ipairs({ "ask", "fix" }) do
  vim.keymap.set({ "n", "x" }, "<Plug>(athena-operator-" .. name .. ")", function()
    return require("athena.context").operator(name)
  end, { expr = true, desc = "Athena: " .. name .. " about what a motion covers" })
end

local group = vim.api.nvim_create_augroup("athena.documents", {})
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = "athena://*",
  callback = function(event)
    require("athena.documents").read(event.buf, event.match)
  end,
})
vim.api.nvim_create_autocmd("SessionLoadPost", {
  group = group,
  callback = function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
      if vim.startswith(name, "athena://") then
        return require("athena.documents").restore()
      end
    end
  end,
})
