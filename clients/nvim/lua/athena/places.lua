---The repositories that an agent works in: its own, and others that it has worktrees in.

local M = {}

---The agent's own repository, where one was chosen; requests leave it away.
M.OWN = ""

---@class athena.RepositoryPlace
---@field name string what requests call it
---@field title string
---@field path string the agent's worktree
---@field root string the user's own tree of the same repository
---@field branch? string
---@field submodule boolean it is inside another one, with which its work is merged

---Where an agent works, its own repository first; none without a repository.
---@param agent? athena.AgentView
---@return athena.RepositoryPlace[]
function M.of(agent)
  local own = agent and agent.workspace
  if not agent or not own or not own.repository then
    return {}
  end
  local found = {
    {
      name = M.OWN,
      title = vim.fs.basename(own.repository),
      path = own.path,
      root = agent.project,
      branch = own.branch,
      submodule = false,
    },
  }
  local function add(others, submodule)
    for _, other in ipairs(others or {}) do
      table.insert(found, {
        name = other.name,
        title = other.name,
        path = other.path,
        root = other.repository,
        branch = other.branch,
        submodule = submodule,
      })
    end
  end
  add(own.also, false)
  add(own.submodules, true)
  return found
end

---The place of a name; without one that of its own repository.
---@param agent? athena.AgentView
---@param repository? string
---@return athena.RepositoryPlace?
function M.find(agent, repository)
  for _, place in ipairs(M.of(agent)) do
    if place.name == (repository or M.OWN) then
      return place
    end
  end
end

---The name of a repository that a user called by it; also its own has one for them.
---@param agent? athena.AgentView
---@param called string
---@return string
function M.called(agent, called)
  local own = M.find(agent)
  return own and own.title == called and not M.find(agent, called) and M.OWN or called
end

---The worktree that an agent has in a repository.
---@param agent? athena.AgentView
---@param repository? string
---@return string?
function M.worktree(agent, repository)
  local place = M.find(agent, repository)
  return place and place.path or agent and agent.workspace and agent.workspace.path
end

---The repository with which the work in one is merged: that around a submodule, else itself.
---@param agent? athena.AgentView
---@param repository? string
---@return string
function M.landing(agent, repository)
  local place = M.find(agent, repository)
  if not place or not place.submodule then
    return repository or M.OWN
  end
  local around = vim.tbl_filter(function(other)
    return not other.submodule and vim.startswith(place.path, other.path .. "/")
  end, M.of(agent))
  return around[1] and around[1].name or M.OWN
end

---The folders of an agent's other repositories, by name.
---@param agent? athena.AgentView
---@return table<string, string>
function M.others(agent)
  local found = {}
  for _, place in ipairs(M.of(agent)) do
    if place.name ~= M.OWN then
      found[place.name] = place.path
    end
  end
  return found
end

---A path as it is shown: in another repository, below its name.
---@param repository? string
---@param path string
---@return string
function M.shown(repository, path)
  return (repository or M.OWN) == M.OWN and path or repository .. "/" .. path
end

---A repository as requests name it: its own is that of requests which name none.
---@param repository? string
---@return string?
function M.named(repository)
  return repository ~= M.OWN and repository or nil
end

return M
