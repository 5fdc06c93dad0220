---Which turn of which agent wrote a line.

local client = require("athena.client")
local words = require("athena.words")

local M = {}

local SPACE = vim.api.nvim_create_namespace("athena.authors")

---Say it beside the lines until the cursor moves.
---@param command athena.Command
---@param given athena.Given
function M.show(command, given)
  local params = require("athena.commands").complete_params(command, given)
  if not params then
    return
  end
  local buffer = vim.api.nvim_get_current_buf()
  local found = client.call("athena/line/authors", params)
  if #found.runs == 0 then
    return words.tell("no agent wrote this")
  end
  vim.api.nvim_buf_clear_namespace(buffer, SPACE, 0, -1)
  for _, run in ipairs(found.runs) do
    local cost = words.cost(run.cost)
    local text = ("  %s, turn %s%s: %s"):format(
      run.agentName,
      words.turn(run.turnId),
      cost ~= "" and " (" .. cost .. ")" or "",
      words.line(run.prompt, 60)
    )
    for line = run.start, run["end"] do
      if line <= vim.api.nvim_buf_line_count(buffer) then
        vim.api.nvim_buf_set_extmark(buffer, SPACE, line - 1, 0, {
          virt_text = { { line == run.start and text or "  ┆", "AthenaComment" } },
          hl_mode = "combine",
        })
      end
    end
  end
  vim.api.nvim_create_autocmd({ "CursorMoved", "InsertEnter", "BufLeave" }, {
    buffer = buffer,
    once = true,
    callback = function()
      vim.api.nvim_buf_clear_namespace(buffer, SPACE, 0, -1)
    end,
  })
end

return M
