---What is known of the agents: a snapshot, then every batch of the log after it, also over the death
---of the daemon. The views below are given each change.

local client = require("athena.client")

local M = {}

---@class athena.Change
---@field events athena.Event[] ordered; none when only the connection changed
---@field deltas athena.Delta[] text as it is being written
---@field reset boolean whether something may have been missed: read anew
---@field agents table<string, true> the agents that are concerned

---@type table<string, athena.AgentView>
M.agents = {}
---@type integer? all events up to this one are known
M.cursor = nil

---@type table<any, fun(change: athena.Change)>
local listeners = {}
---@type string?
local subscription
---@type table[] notifications that came before the answer that names their subscription
local early = {}
local INTERVAL_MS = 30

---Be told of changes, until `M.off(owner)`.
---@param owner any
---@param fn fun(change: athena.Change)
function M.on(owner, fn)
  listeners[owner] = fn
end

---@param owner any
function M.off(owner)
  listeners[owner] = nil
end

---@param change table
local function tell(change)
  change = vim.tbl_extend("keep", change, { events = {}, deltas = {}, agents = {}, reset = false })
  for _, listener in pairs(vim.tbl_extend("force", {}, listeners)) do
    listener(change)
  end
end

---@param name string
---@param data table
local function fire(name, data)
  vim.api.nvim_exec_autocmds("User", { pattern = name, modeline = false, data = data })
end

---@param batch athena.EventBatch
local function take(batch)
  if M.cursor and batch.cursor <= M.cursor then
    return
  end
  M.cursor = batch.cursor
  local touched = {}
  for _, view in ipairs(batch.agents) do
    M.agents[view.id] = view
    touched[view.id] = true
  end
  tell({ events = batch.events, agents = touched })
  for _, event in ipairs(batch.events) do
    local name = event.kind:sub(1, 1):upper() .. event.kind:sub(2)
    fire("AthenaEvent" .. name, { event = event, agent = M.agents[event.agentId] })
  end
  fire("AthenaAgentsChanged", { agents = vim.tbl_keys(touched) })
  vim.cmd.redrawstatus({ bang = true })
end

---@type fun()
local subscribe

---@param kind "batch"|"delta"|"lagged"
---@param params table
local function hear(kind, params)
  if subscription == nil then
    table.insert(early, { kind, params })
  elseif params.subscriptionId ~= subscription then
    return
  elseif kind == "batch" then
    take(params)
  elseif kind == "delta" then
    local touched = {}
    for _, delta in ipairs(params.deltas) do
      touched[delta.agentId] = true
    end
    tell({ deltas = params.deltas, agents = touched })
  else
    M.cursor = nil
    subscribe()
  end
end

subscribe = function()
  subscription, early = nil, {}
  local params = { cursor = M.cursor, deltas = true, intervalMs = INTERVAL_MS }
  client.request("athena/event/subscribe", params, function(failure, result)
    if failure then
      return require("athena.async").report(failure)
    end
    subscription = result.subscriptionId
    if result.agents then
      M.agents = {}
      for _, view in ipairs(result.agents) do
        M.agents[view.id] = view
      end
      M.cursor = result.cursor
      tell({ reset = true })
    end
    local heard = early
    early = {}
    for _, one in ipairs(heard) do
      hear(one[1], one[2])
    end
    fire("AthenaConnected", {})
    vim.cmd.redrawstatus({ bang = true })
  end)
end

for _, kind in ipairs({ "batch", "delta", "lagged" }) do
  client.on_notification("athena/event/" .. kind, function(params)
    hear(kind, params)
  end)
end

client.on_state(function(state)
  if state == "running" then
    subscribe()
  else
    subscription, early = nil, {}
    fire("AthenaDisconnected", { state = state, why = client.why })
  end
  tell({})
end)

---The agent of an id, a name, or a unique beginning of either. What is archived has given its name
---free, so it is found only where no other fits.
---@param name string
---@return athena.AgentView?
function M.find(name)
  if M.agents[name] then
    return M.agents[name]
  end
  for _, archived in ipairs({ false, true }) do
    local found, several
    for _, agent in pairs(M.agents) do
      if agent.archived == archived then
        if agent.name == name then
          return agent
        elseif vim.startswith(agent.name, name) or vim.startswith(agent.id, name) then
          found, several = agent, found ~= nil
        end
      end
    end
    if found then
      return not several and found or nil
    end
  end
end

---All agents in the order in which they were made.
---@return athena.AgentView[]
function M.list()
  local all = vim.tbl_values(M.agents)
  table.sort(all, function(a, b)
    if a.createdAt ~= b.createdAt then
      return a.createdAt < b.createdAt
    end
    return a.id < b.id
  end)
  return all
end

---All open requests, oldest first.
---@return athena.OpenRequest[]
function M.requests()
  local all = {}
  for _, agent in pairs(M.agents) do
    vim.list_extend(all, agent.requests)
  end
  table.sort(all, function(a, b)
    if a.at ~= b.at then
      return a.at < b.at
    end
    return a.requestId < b.requestId
  end)
  return all
end

---@param id string
---@return athena.OpenRequest?
function M.request(id)
  for _, request in ipairs(M.requests()) do
    if request.requestId == id then
      return request
    end
  end
end

return M
