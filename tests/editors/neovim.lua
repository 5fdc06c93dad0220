-- Neovim's own client asks, answers, reads and takes.
-- Run as: nvim --headless -u CONFIGURATION -l neovim.lua PROJECT

local project = arg[1]

local function wait(what, check)
  local found
  assert(vim.wait(20000, function()
    found = check()
    return found and true or false
  end, 50), "not so after 20 s: " .. what)
  return found
end

local function open(name)
  vim.cmd.edit(project .. "/" .. name)
  vim.bo.filetype = "python"
  return wait("the client is attached", function()
    return vim.lsp.get_clients({ bufnr = 0, name = "athena" })[1]
  end)
end

local function act(title, first, last)
  local tried = false
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      local fits = vim.startswith(action.title, title)
      tried = tried or fits
      return fits
    end,
    range = { start = { first, 0 }, ["end"] = { last, 0 } },
  })
  vim.wait(2000, function() return tried end, 20)
  return tried
end

local asked
local function chosen(items, opts, on_choice)
  asked = opts.prompt
  for index, item in ipairs(items) do
    if (item.title or item) == "Allow" then
      return on_choice(item, index)
    end
  end
  on_choice(nil)
end
vim.ui.select = chosen

local client = open("ask.py")
assert(client.initialized)
assert(act("Athena: Do what is selected", 1, vim.api.nvim_buf_line_count(0) + 1))
wait("the permission was asked", function() return asked end)
print("ASKED " .. asked .. "\n")

client:exec_cmd({ title = "Transcript", command = "athena.transcript.open", arguments = {} })
wait("the transcript is shown", function()
  return vim.api.nvim_buf_get_name(0):match("transcript")
end)
wait("the agent has finished", function()
  vim.cmd("silent checktime | silent edit!")
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n"):match("Finished after allow%-once")
end)
print("READ\n")

vim.fn.search([[\[all agents\]\zs]])
wait("links are followed", function()
  local here = vim.lsp.get_clients({ bufnr = 0, name = "athena" })[1]
  return here and here:supports_method("textDocument/definition", 0)
end)
vim.lsp.buf.definition()
wait("the list of agents is shown", function()
  return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == "# Agents"
end)
print("FOLLOWED\n")

open("poem.py")
wait("the change is offered", function() return act("Athena: Take all changes", 1, 1) end)
wait("the change is taken", function()
  return vim.api.nvim_buf_get_lines(0, 1, 2, false)[1] == 'two = "taken"'
end)
vim.cmd.write()
print("TAKEN\n")

local place = { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = 1, character = 0 } }
local told = wait("it is known who wrote the line", function()
  local answer = client:request_sync("textDocument/hover", place, 5000, 0)
  return answer and answer.result and answer.result.contents.value
end)
print("WROTE " .. told .. "\n")

client:exec_cmd({
  title = "Comment",
  command = "athena.review.comment",
  arguments = { { path = "poem.py", line = 2, text = "Why this?" } },
})
local problem = wait("the comment is a problem", function()
  return vim.diagnostic.get(0)[1]
end)
print("PROBLEM " .. problem.lnum .. " " .. problem.message .. "\n")
vim.cmd("qall!")
