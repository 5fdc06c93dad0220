---What is behind names that begin with `athena://`, for `:edit`, quickfix lists and sessions.

local async = require("athena.async")

local M = {}

---The agent of an id, which may have another name by now.
---@param id string
---@return string
local function known(id)
  if not require("athena.state").agents[id] then
    async.fail(("there is no agent %s"):format(id))
  end
  return id
end

---What shows a name's rest in the current window; the agents are known by then.
---@type { [1]: string, [2]: fun(rest: string) }[]
local VIEWS = {
  {
    "^athena://agents$",
    function()
      require("athena.ui.agents").open()
    end,
  },
  {
    "^athena://inbox$",
    function()
      require("athena.ui.inbox").open()
    end,
  },
  {
    "^athena://transcript/(%w+)",
    function(agent)
      require("athena.ui.transcript").open(known(agent))
    end,
  },
  {
    "^athena://replay/(%w+)",
    function(agent)
      require("athena.ui.replay").open(known(agent))
    end,
  },
}

---Show in the current window what the name of its buffer says, in `async.run`.
---@param buffer integer
---@param name string
local function show(buffer, name)
  require("athena.commands").ready()
  for _, view in ipairs(VIEWS) do
    local rest = name:match(view[1])
    if rest then
      view[2](rest)
      -- The name that was asked for may be an older one of the same agent.
      if vim.api.nvim_buf_is_valid(buffer) and #vim.fn.win_findbuf(buffer) == 0 then
        vim.api.nvim_buf_delete(buffer, { force = true })
      end
      return
    end
  end
  async.fail(("Athena shows nothing under %s"):format(name))
end

---@param buffer integer
---@param name string
function M.read(buffer, name)
  if vim.startswith(name, "athena://review/") then
    return require("athena.review.buffers").read(buffer)
  end
  vim.schedule(function()
    async.run(function()
      show(buffer, name)
    end)
  end)
end

---Fill the windows of a session that was loaded; whoever has the focus keeps it.
function M.restore()
  async.run(function()
    require("athena.commands").ready()
    local here = vim.api.nvim_get_current_win()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local buffer = vim.api.nvim_win_get_buf(window)
      local name = vim.api.nvim_buf_get_name(buffer)
      if vim.startswith(name, "athena://review/") then
        require("athena.review.buffers").read(buffer)
      elseif vim.startswith(name, "athena://") then
        vim.api.nvim_set_current_win(window)
        show(buffer, name)
      end
    end
    vim.api.nvim_set_current_win(here)
  end)
end

return M
