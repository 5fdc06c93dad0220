---Athena in Neovim. `setup` is optional: `:Athena` works without it.

local M = {}

---@param opts? table see `athena.Config`
function M.setup(opts)
  local config = require("athena.config").set(opts)
  if config.prefix then
    for _, command in ipairs(require("athena.generated").commands) do
      if command.key then
        local lhs = config.prefix .. command.key
        local rhs = "<Plug>(athena-" .. command.word .. ")"
        vim.keymap.set({ "n", "x" }, lhs, rhs, { desc = "Athena: " .. command.title })
      end
    end
    local operators = { { "k", "ask", "Ask about …" }, { "f", "fix", "Fix …" } }
    for _, one in ipairs(operators) do
      local lhs = config.prefix .. one[1]
      local rhs = "<Plug>(athena-operator-" .. one[2] .. ")"
      vim.keymap.set({ "n", "x" }, lhs, rhs, { desc = "Athena: " .. one[3] })
    end
  end
end

---A component for 'statusline': what waits and works; empty while Athena is not in use.
---@return string
function M.statusline()
  if not package.loaded["athena.state"] then
    return ""
  end
  local client, state = require("athena.client"), require("athena.state")
  if client.state == "off" then
    return ""
  elseif client.state ~= "running" then
    return "athena " .. client.state
  end
  local words, icons = require("athena.words"), require("athena.config").get().icons
  local waiting, working = 0, 0
  for _, agent in pairs(state.agents) do
    if words.waits(agent) then
      waiting = waiting + 1
    elseif agent.status == "working" or agent.status == "starting" then
      working = working + 1
    end
  end
  local parts = {}
  if waiting > 0 then
    table.insert(parts, icons.waiting .. waiting)
  end
  if working > 0 then
    table.insert(parts, icons.working .. working)
  end
  return "athena" .. (#parts > 0 and " " .. table.concat(parts, " ") or "")
end

---Run a command of the catalogue: `run("prompt", { agent = "planner", text = "Go on" })`.
---@param word string
---@param given? table<string, any> its arguments, as far as they are known
function M.run(word, given)
  require("athena.commands").run(word, given)
end

---Send a request of docs/protocol.md, for what builds on Athena.
---@param method athena.Method
---@param params table
---@param answered fun(failure: athena.Failure?, result: any)
function M.request(method, params, answered)
  require("athena.state")
  require("athena.client").request(method, params, answered)
end

---The agents, in the order in which they were made.
---@return athena.AgentView[]
function M.agents()
  return require("athena.state").list()
end

return M
