---What a new agent is made with, besides its prompt: shown above the buffer in which the prompt is
---written, and changed from there.

local async = require("athena.async")
local offers = require("athena.offers")
local words = require("athena.words")

local M = {}

-- What is said of an argument that was not chosen.
---@type table<string, string>
local UNCHOSEN = {
  archetype = "none",
  harness = "the first that is installed",
  model = "the harness's own",
  mode = "the harness's own",
  workspace = "a new worktree",
  name = "made of the prompt",
}

---What the user may choose.
---@param command athena.Command
---@return athena.Argument[]
local function choosable(command)
  return vim.tbl_filter(function(argument)
    return UNCHOSEN[argument.name] ~= nil or argument.name == "project"
  end, command.arguments)
end

---@param value any
---@return string
local function say(value)
  if type(value) == "table" then
    local also = vim.tbl_map(vim.fs.basename, value.also or {})
    return #also > 0 and "a new worktree, also in " .. table.concat(also, ", ")
      or value.kind == "new" and "a new worktree"
      or value.kind == "none" and "the project itself"
      or words.line(value.agent or vim.fn.fnamemodify(value.path, ":~"), 40)
  end
  return tostring(value)
end

---@param params table
---@return athena.BarPart[]
function M.bar(params)
  local parts = {}
  for index, name in ipairs({ "name", "harness", "model", "mode", "archetype" }) do
    if params[name] then
      table.insert(parts, { params[name], rank = index, cut = true })
    end
  end
  local workspace = params.workspace
  if workspace and workspace.kind ~= "new" then
    local where = workspace.kind == "none" and "no worktree" or "in " .. say(workspace)
    table.insert(parts, { where, rank = 3, cut = true })
  elseif workspace and workspace.also then
    local names = vim.tbl_map(vim.fs.basename, workspace.also)
    table.insert(parts, { "also in " .. table.concat(names, ", "), rank = 3, cut = true })
  end
  return parts
end

---Where the files are that the prompt may mention: other repositories by the names they will have.
---@param params table
---@return athena.Folders
function M.folders(params)
  local others = {}
  for _, folder in ipairs(params.workspace and params.workspace.also or {}) do
    others[vim.fs.basename(folder)] = folder
  end
  return { own = params.project or vim.fn.getcwd(), others = others }
end

---Let the user choose, until they leave.
---@param command athena.Command
---@param params table what is chosen; changed here
---@param changed fun()
function M.choose(command, params, changed)
  repeat
    local choices = {}
    for _, argument in ipairs(choosable(command)) do
      local value = params[argument.name]
      local said = value ~= nil and say(value) or UNCHOSEN[argument.name] or "none"
      if argument.name == "project" then
        said = vim.fn.fnamemodify(said, ":~")
      end
      local label = ("%s: %s"):format(argument.title, said)
      -- A list of numbered lines asks again for each line that it fills.
      table.insert(choices, { label = words.line(label, vim.o.columns - 8), value = argument })
    end
    local argument = async.select(choices, command.title .. " with", "athena.spawn")
    if argument then
      local value = offers.ask(command, argument, {}, params)
      if value ~= nil then
        params[argument.name] = value
        if argument.name == "harness" then
          -- These are named by the harness.
          params.model, params.mode = nil, nil
        end
        changed()
      end
    end
  until not argument
end

return M
