---Bringing work to where it belongs, and taking it back: first what would happen, then the deed.

local async = require("athena.async")
local client = require("athena.client")
local places = require("athena.places")
local words = require("athena.words")

local M = {}

---@type table<string, { ref: string, repository?: string }> agent to the state before its last merge or revert
local undo = {}

---@param agent string
---@return { ref: string, repository?: string }?
function M.last_undo(agent)
  return undo[agent]
end

---Where there are several, the repository that is given, in view or chosen; nil when the user left.
---@param command athena.Command
---@param given athena.Given
---@param agent athena.AgentView
---@return string?
local function repository_of(command, given, agent)
  local offers = require("athena.offers")
  for _, argument in ipairs(command.arguments) do
    if argument.source == "repository" then
      return given.repository
        or offers.quiet(argument, given)
        or offers.ask(command, argument, given, { agent = agent.id })
    end
  end
end

---Conflicts as a quickfix list, in a working tree.
---@param conflicts athena.FileConflict[]
---@param folder string
---@param title string
local function list_conflicts(conflicts, folder, title)
  local entries = {}
  for _, conflict in ipairs(conflicts) do
    table.insert(entries, {
      filename = vim.fs.normalize(folder .. "/" .. conflict.path),
      lnum = conflict.start or 1,
      end_lnum = conflict["end"],
      text = conflict.reason,
      type = "W",
    })
  end
  vim.fn.setqflist({}, " ", { title = title, items = entries })
  vim.cmd("botright copen 6")
end

---@param applied athena.Applied
---@param deed string
function M.tell(applied, deed)
  local parts = { deed, words.count(#applied.files, "file") }
  if applied.branch then
    table.insert(parts, "into " .. applied.branch)
  end
  vim.list_extend(parts, applied.notes)
  words.tell(table.concat(parts, ", "))
  vim.cmd("silent! checktime")
end

---@param agent athena.AgentView
---@param found athena.Applied
---@param params table
local function on_conflict(agent, found, params)
  local place = places.find(agent, params.repository)
  local root = place and place.root or agent.project
  list_conflicts(found.conflicts, root, "Athena: conflicts of " .. agent.name)
  local question = ("%s does not fit: %s"):format(
    agent.name,
    words.count(#found.conflicts, "conflict")
  )
  if async.confirm(question, "Let the agent resolve them") then
    client.call("athena/merge/run", vim.tbl_extend("force", params, { resolve = true }))
    words.tell(("%s was asked to resolve the conflicts"):format(agent.name))
  end
end

---@param command athena.Command
---@param given athena.Given
---@param agent athena.AgentView
function M.merge(command, given, agent)
  local chosen = repository_of(command, given, agent)
  if not chosen then
    return
  end
  local repository = places.landing(agent, chosen)
  local params = {
    agent = agent.id,
    repository = places.named(repository),
    into = given.into,
    how = given.how,
    message = given.message,
  }
  local ahead = client.call("athena/merge/run", vim.tbl_extend("force", params, { dryRun = true }))
  if #ahead.conflicts > 0 then
    return on_conflict(agent, ahead, params)
  elseif given.dryRun then
    return M.tell(ahead, "would merge")
  end
  if not params.how then
    local into = ahead.branch or "the project's branch"
    if params.repository then
      into = ("%s of %s"):format(into, params.repository)
    end
    params.how = async.select({
      { label = "Merge", value = "merge" },
      { label = "Squash into one commit", value = "squash" },
      { label = "Rebase", value = "rebase" },
    }, ("%s: %s into %s"):format(command.title, agent.name, into), "athena.merge")
  end
  if not params.how then
    return
  end
  local done = client.call("athena/merge/run", params)
  if done.done then
    undo[agent.id] = { ref = done.undo, repository = repository }
    M.tell(done, "merged (:Athena undo takes it back)")
  elseif #done.conflicts > 0 then
    on_conflict(agent, done, params)
  else
    words.tell("nothing was merged. " .. table.concat(done.notes, " "))
  end
end

---@param command athena.Command
---@param given athena.Given
---@param agent athena.AgentView
function M.revert(command, given, agent)
  local repository = repository_of(command, given, agent)
  if not repository then
    return
  end
  local params = {
    agent = agent.id,
    repository = places.named(repository),
    turnId = given.turnId,
    paths = given.paths,
  }
  local ahead = client.call("athena/revert/run", vim.tbl_extend("force", params, { dryRun = true }))
  if #ahead.conflicts > 0 then
    local folder = places.worktree(agent, repository) or agent.project
    list_conflicts(ahead.conflicts, folder, "Athena: what others changed since")
    return words.tell("it cannot be reverted; the quickfix list says why")
  elseif #ahead.files == 0 then
    return words.tell("there is nothing to revert")
  elseif given.dryRun then
    return M.tell(ahead, "would revert")
  end
  local what = given.turnId and "a turn" or "all"
  local files = words.line(table.concat(ahead.files, ", "), 50)
  local question = ("Revert %s of %s: %s?"):format(what, agent.name, files)
  if async.confirm(question, command.title) then
    local done = client.call("athena/revert/run", params)
    undo[agent.id] = { ref = done.undo, repository = repository }
    M.tell(done, "reverted (:Athena undo takes it back)")
  end
end

return M
