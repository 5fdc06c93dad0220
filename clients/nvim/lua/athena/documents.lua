---What is behind names that begin with `athena://`, for `:edit`, quickfix lists and sessions.

local M = {}

---@type { [1]: string, [2]: fun(buffer: integer, rest: string) }[]
local KINDS = {
  {
    "^athena://review/",
    function(buffer)
      require("athena.review.buffers").read(buffer)
    end,
  },
  {
    "^athena://agents$",
    function()
      vim.schedule(require("athena.ui.agents").open)
    end,
  },
  {
    "^athena://inbox$",
    function()
      vim.schedule(require("athena.ui.inbox").open)
    end,
  },
  {
    "^athena://transcript/(%w+)",
    function(_, agent)
      vim.schedule(function()
        require("athena.commands").run("transcript", { agent = agent })
      end)
    end,
  },
}

---@param buffer integer
---@param name string
function M.read(buffer, name)
  for _, kind in ipairs(KINDS) do
    local rest = name:match(kind[1])
    if rest then
      return kind[2](buffer, rest)
    end
  end
end

return M
