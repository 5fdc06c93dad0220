---All that is known of an agent, in a window above the others.

local async = require("athena.async")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

local LABEL = 11

---@param collision athena.Collision
---@return string
local function collides_at(collision)
  local places = vim.tbl_map(function(range)
    if range.start == 0 then
      return range.path
    end
    local lines = words.lines(range.start, range["end"])
    return ("%s:%s"):format(range.path, lines)
  end, collision.ranges)
  local other = state.agents[collision.otherId]
  return ("%s: %s"):format(other and other.name or collision.otherId, table.concat(places, ", "))
end

---Its worktrees in other repositories.
---@param agent athena.AgentView
---@return string
local function elsewhere(agent)
  local found = {}
  for name, folder in pairs(require("athena.places").others(agent)) do
    table.insert(found, ("%s: %s"):format(name, vim.fn.fnamemodify(folder, ":~")))
  end
  return table.concat(found, ", ")
end

---Labels and what stands beside them; what is empty is left out.
---@param agent athena.AgentView
---@param collisions athena.Collision[]
---@return { [1]: string, [2]: string }[]
local function rows(agent, collisions)
  local icon, status = words.status(agent)
  local usage, place, context = agent.usage, agent.workspace, agent.context
  local made = { agent.harness }
  vim.list_extend(made, { agent.model })
  vim.list_extend(made, { agent.mode })
  vim.list_extend(made, { agent.archetype })
  local parent = agent.parentId and state.agents[agent.parentId]
  local original = agent.forkedFrom and state.agents[agent.forkedFrom]
  local found = {
    { "status", ("%s %s"):format(icon, status) },
    { "", agent.reason },
    { "title", agent.title },
    { "doing", agent.activity },
    { "made with", table.concat(made, " · ") },
    { "branch", place and place.branch },
    { "works in", place and vim.fn.fnamemodify(place.cwd, ":~") },
    { "and in", elsewhere(agent) },
    { "project", vim.fn.fnamemodify(agent.project, ":~") },
    { "started by", parent and parent.name },
    { "copy of", original and original.name or agent.forkedFrom },
    { "turns", tostring(agent.turns) },
    {
      "tokens",
      ("%s in, %s out"):format(words.tokens(usage.inputTokens), words.tokens(usage.outputTokens)),
    },
    {
      "context",
      context and context.size and ("%d%% full"):format(context.used / context.size * 100),
    },
    { "cost", agent.cost and words.cost(agent.cost) },
    { "comments", agent.comments > 0 and tostring(agent.comments) or nil },
    {
      "last heard",
      os.date("%F %T", math.floor(agent.updatedAt / 1000)) --[[@as string]],
    },
    { "id", agent.id },
  }
  for _, prompt in ipairs(agent.queue) do
    table.insert(found, { "queued", words.line(words.content(prompt.content), 200) })
  end
  for _, collision in ipairs(collisions) do
    local label = collision.conflict and "conflicts" or "collides"
    table.insert(found, { label, "with " .. collides_at(collision) })
  end
  local said = vim.tbl_filter(function(row)
    return (row[2] or "") ~= ""
  end, found)
  return said --[[@as { [1]: string, [2]: string }[] ]]
end

---Show them.
---@param id string
function M.show(id)
  async.run(function()
    local agent = state.agents[id]
    local collisions = client.call("athena/collision/list", { agent = id }).collisions
    local lines, marks = {}, {}
    for _, row in ipairs(rows(agent, collisions)) do
      local label = row[1] .. (" "):rep(LABEL - #row[1])
      table.insert(lines, (" %s%s "):format(label, words.line(row[2], vim.o.columns - 8 - LABEL)))
      table.insert(marks, { #lines - 1, 0, LABEL, "AthenaMuted" })
    end
    local _, buffer = buffers.float(lines, { title = (" %s "):format(agent.name) })
    buffers.set(buffer, 0, -1, lines, marks)
  end)
end

return M
