---What an agent said and did, as far as it was read: pages of items, and the events after them.
---Nothing here knows of buffers.

local utf16 = require("athena.utf16")

---@class athena.Model
---@field agent string
---@field items table<string, athena.TranscriptItem>
---@field order string[] ids of the items by their place
---@field turns table<string, athena.TurnView>
---@field before integer? leads to the page before
---@field after integer? leads to the page after
---@field cursor integer? events up to this one are in it
---@field early table<string, string> the text so far of items that were not heard of yet
local Model = {}
Model.__index = Model

local M = {}

---@param agent string
---@return athena.Model
function M.new(agent)
  return setmetatable({ agent = agent, items = {}, order = {}, turns = {}, early = {} }, Model)
end

---The text of an item that is open, so far.
---@param entry athena.TranscriptItem
---@param text string
local function show(entry, text)
  entry.written = text
  if entry.item.text then
    entry.item.text = text
  elseif entry.item.type == "toolCall" then
    entry.item.content = { { type = "terminal", terminalId = entry.itemId, output = text } }
  end
end

---Put an item in: where it is known, the lower version is its place and the completed one counts.
---@param item athena.TranscriptItem
function Model:put(item)
  local known = self.items[item.itemId]
  local written = item.written or self.early[item.itemId] or known and known.written
  self.early[item.itemId] = nil
  if item.open and written then
    show(item, written)
  end
  if known then
    if not known.open and item.open then
      return
    end
    item.version = math.min(item.version, known.version)
    item.seq = math.min(item.seq, known.seq)
    item.turnId = item.turnId or known.turnId
    item.at = math.min(item.at, known.at)
    self.items[item.itemId] = item
    return
  end
  self.items[item.itemId] = item
  local low, high = 1, #self.order + 1
  -- Most come at the end.
  if high > 1 and self.items[self.order[high - 1]].version < item.version then
    low = high
  end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if self.items[self.order[middle]].version > item.version then
      high = middle
    else
      low = middle + 1
    end
  end
  table.insert(self.order, low, item.itemId)
end

---@param page athena.TranscriptPage
---@param where "last"|"before"|"after"
---@return table<string, true> put the ids of its items
function Model:add(page, where)
  local put = {}
  for _, item in ipairs(page.items) do
    self:put(item)
    put[item.itemId] = true
  end
  for _, turn in ipairs(page.turns) do
    self.turns[turn.turnId] = turn
  end
  if where ~= "after" then
    self.before = page.before
  end
  if where ~= "before" then
    self.after = page.after
    self.cursor = math.max(self.cursor or 0, page.cursor)
  end
  return put
end

---Let go of what is before one item and after another one; pages lead there again.
---@param first integer
---@param last integer
function Model:keep(first, last)
  local order = self.order
  if first > 1 then
    self.before = self.items[order[first]].version
  end
  if last < #order then
    self.after = self.items[order[last]].version
  end
  for index, id in ipairs(order) do
    if index < first or index > last then
      self.items[id] = nil
    end
  end
  self.order = vim.list_slice(order, first, last)
end

---@param event athena.Event
---@return athena.TranscriptItem
local function item_of(event, open)
  return {
    itemId = event.data.itemId,
    turnId = event.data.turnId,
    version = event.version,
    seq = event.seq,
    at = event.at,
    endedAt = not open and event.at or nil,
    open = open,
    truncated = event.truncated,
    item = event.data.item,
  }
end

---What an event says of an item. A new one comes behind the last of all, which is not here while
---there are pages after what was read.
---@param model athena.Model
---@param event athena.Event
---@param open boolean
---@return string? item
local function put_event(model, event, open)
  local id = event.data.itemId
  if model.after and not model.items[id] then
    return nil
  end
  model:put(item_of(event, open))
  return id
end

---@type table<string, fun(model: athena.Model, event: athena.Event): string?>
local APPLY = {
  itemStarted = function(model, event)
    return put_event(model, event, true)
  end,
  itemCompleted = function(model, event)
    return put_event(model, event, false)
  end,
  itemUpdated = function(model, event)
    local known = model.items[event.data.itemId]
    if not known or not known.open then
      return nil
    end
    known.item = vim.tbl_extend("force", known.item, event.data.changes) --[[@as athena.Item]]
    if known.written and not event.data.changes.content then
      show(known, known.written)
    end
    known.truncated = known.truncated or event.truncated
    return event.data.itemId
  end,
  turnStarted = function(model, event)
    local data = event.data
    model.turns[data.turnId] = {
      turnId = data.turnId,
      runId = data.runId,
      promptId = data.promptId,
      seq = event.seq,
      startedAt = event.at,
    }
  end,
  turnEnded = function(model, event)
    local data = event.data
    local turn = model.turns[data.turnId]
    if not turn then
      return nil
    end
    turn.endedAt, turn.stopReason = event.at, data.stopReason
    turn.usage, turn.cost, turn.error = data.usage, data.cost, data.error
    return model:first_of(data.turnId)
  end,
}

---The first item of a turn, whose heading tells of the turn.
---@param turn string
---@return string?
function Model:first_of(turn)
  for index = #self.order, 1, -1 do
    local item = self.items[self.order[index]]
    local above = self.items[self.order[index - 1]]
    if item.turnId == turn and not (above and above.turnId == turn) then
      return item.itemId
    end
  end
end

---The turn of the last item that is here.
---@return string?
function Model:last_turn()
  local last = self.items[self.order[#self.order]]
  return last and last.turnId
end

---Take an event in: the id of the item that it changed, if any.
---@param event athena.Event
---@return string? item
function Model:take(event)
  if event.agentId ~= self.agent or not self.cursor or event.seq <= self.cursor then
    return nil
  end
  self.cursor = event.seq
  local apply = APPLY[event.kind]
  if apply then
    return apply(self, event)
  end
end

---Text that is being written; the completed item will have the whole. What comes before its item
---waits for it.
---@param delta athena.Delta
---@return string? item
function Model:write(delta)
  if delta.agentId ~= self.agent then
    return nil
  end
  local known = self.items[delta.itemId]
  if known and not known.open or not known and self.after then
    return nil
  end
  local before = known and known.written or self.early[delta.itemId] or ""
  local text = utf16.head(before, delta.offset) .. delta.text
  if not known then
    self.early[delta.itemId] = text
    return nil
  end
  show(known, text)
  return delta.itemId
end

return M
