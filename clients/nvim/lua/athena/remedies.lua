---What helps after an error (`athena.Remedy`), as it is typed here: Athena's messages have it as it is
---typed into a shell.

local M = {}

---@param id string
---@return athena.Command?
local function find(id)
  for _, command in ipairs(require("athena.generated").commands) do
    if command.id == id then
      return command
    end
  end
end

---@param argument athena.Argument
---@param value any
---@return string
local function typed(argument, value)
  if argument.source == "agent" then
    local agent = require("athena.state").agents[value]
    return vim.fn.escape(agent and agent.name or value, " \\")
  end
  local text = type(value) == "table" and table.concat(value, ",") or tostring(value)
  return ("%s=%s"):format(argument.name, vim.fn.escape(text, " \\"))
end

---`:Athena recover painter`; nil for a command that is not known here, as of a newer Athena.
---@param remedy athena.Remedy
---@return string?
function M.line(remedy)
  local command = find(remedy.command)
  if not command then
    return nil
  end
  local parts = { ":Athena", command.word }
  for _, argument in ipairs(command.arguments) do
    local value = remedy.arguments[argument.name]
    if value ~= nil then
      table.insert(parts, typed(argument, value))
    end
  end
  return table.concat(parts, " ")
end

---@param text string
---@param remedies? athena.Remedy[]
---@return string
function M.translate(text, remedies)
  for _, remedy in ipairs(remedies or {}) do
    local line = M.line(remedy)
    if line then
      local shell = vim.pesc("`" .. remedy.commandLine .. "`")
      text = text:gsub(shell, function()
        return "`" .. line .. "`"
      end)
    end
  end
  return text
end

---What went wrong, with what helps where the message does not name it.
---@param failure athena.Failure
---@return string
function M.whole(failure)
  local parts = { failure.message }
  local remedies = type(failure.data) == "table" and failure.data.remedies or {}
  for _, remedy in ipairs(remedies) do
    local line = M.line(remedy)
    if line and not failure.message:find(line, 1, true) then
      table.insert(parts, "`" .. line .. "`")
    end
  end
  return table.concat(parts, " ")
end

return M
