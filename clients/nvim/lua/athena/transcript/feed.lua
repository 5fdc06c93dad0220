---Pages and events of a transcript into a view. What is there is always in one piece: it grows at
---either end, or begins anew around a place. Where it has the end it follows the agent.

local async = require("athena.async")
local client = require("athena.client")
local config = require("athena.config")
local models = require("athena.transcript.model")

---@alias athena.Where
---| "last" the last page, instead of what is there
---| "first" the first page
---| "around" the pages before and after a place
---| "before" the page before what is there
---| "after" the page after it

---@class athena.Feed
---@field view athena.TranscriptView
---@field types? string[] of these types alone
---@field find? string what holds this text alone
---@field loading? athena.Where
---@field asked integer how often pages were asked for
---@field grown integer how many pages were added to the first one
---@field missed athena.Event[] events that came while a page was on its way
---@field unread athena.Delta[] text that came meanwhile
---@field below fun(): string[], athena.Mark[] what stands below the end
local Feed = {}
Feed.__index = Feed

local M = {}

-- Athena gives no more at once.
local MOST_AT_ONCE = 1000
local EARLIER = { "… earlier items come when you go up to here", "" }
local LATER = { "… later items come when you go down to here" }
local LATER_MARKS = { { 0, 0, -1, "AthenaMuted" } }

---@param view athena.TranscriptView
---@param below fun(): string[], athena.Mark[]
---@return athena.Feed
function M.new(view, below)
  local fields = { view = view, below = below, asked = 0, grown = 0, missed = {}, unread = {} }
  return setmetatable(fields, Feed)
end

---How many items to fetch: more each time, so that whoever goes on and on gets far.
---@param where athena.Where
---@return integer
function Feed:limit(where)
  self.grown = (where == "before" or where == "after") and self.grown + 1 or 0
  return math.floor(math.min(config.get().page * 2 ^ self.grown, MOST_AT_ONCE))
end

---The pages that are wanted, and what they are to those that are there; in `async.run`.
---@param where athena.Where
---@param version? integer the place that `around` is about
---@return { page: athena.TranscriptPage, side: "last"|"before"|"after" }[]
function Feed:fetch(where, version)
  local model, limit = self.view.model, self:limit(where)
  ---@param side "last"|"before"|"after"
  ---@param place? { before?: integer, after?: integer }
  local function page(side, place)
    local asked = { agent = model.agent, limit = limit, types = self.types, find = self.find }
    local params = vim.tbl_extend("force", asked, place or {})
    return { side = side, page = client.call("athena/transcript/page", params) }
  end
  if version then
    return { page("before", { before = version + 1 }), page("after", { after = version }) }
  elseif where == "first" then
    return { page("after", { after = 0 }) }
  elseif where == "last" then
    return { page("last") }
  elseif where == "before" then
    return { page("before", { before = model.before }) }
  end
  return { page("after", { after = model.after }) }
end

---Take in what came while a page was on its way: it was perhaps read before.
function Feed:catch_up()
  for _, event in ipairs(self.missed) do
    self.view.model:take(event)
  end
  for _, delta in ipairs(self.unread) do
    self.view.model:write(delta)
  end
  self.missed, self.unread = {}, {}
end

---Show what is there, and that there is more at its ends.
function Feed:render()
  local view = self.view
  view.header = view.model.before and EARLIER or {}
  view.follows = view.follows and not view.model.after
  view:render()
  view.follows = not view.model.after
  self:refresh_footer()
end

function Feed:refresh_footer()
  if self.view.follows then
    self.view:set_footer(self.below())
  else
    self.view:set_footer(LATER, LATER_MARKS)
  end
end

---Read a page, or two. Whoever asks for another one meanwhile gets that one alone.
---@param where athena.Where
---@param done? fun()
---@param version? integer the place that `around` is about
function Feed:load(where, done, version)
  self.asked = self.asked + 1
  local mine = self.asked
  local view, grows = self.view, where == "before" or where == "after"
  self.loading = where
  if not grows then
    self.missed, self.unread = {}, {}
  end
  local function is_wanted()
    return mine == self.asked and vim.api.nvim_buf_is_loaded(view.buffer)
  end
  async.run(function()
    local pages = self:fetch(where, version)
    if not is_wanted() then
      return
    end
    self.loading = nil
    if not grows then
      view.model = models.new(view.model.agent)
    end
    for _, one in ipairs(pages) do
      view.model:add(one.page, one.side)
    end
    if where == "around" then
      -- What happened between the two pages is perhaps not in the first one.
      view.model.cursor = pages[1].page.cursor
    end
    self:catch_up()
    self:render()
    vim.cmd.redrawstatus({ bang = true })
    if done then
      done()
    end
  end, function(failure)
    if is_wanted() then
      self.loading = nil
      self:catch_up()
      self:render()
      vim.cmd.redrawstatus({ bang = true })
      async.report(failure)
    end
  end)
end

---Have the items around a place, and then do something.
---@param version integer
---@param done fun()
function Feed:reach(version, done)
  local model = self.view.model
  local first, last = model.items[model.order[1]], model.items[model.order[#model.order]]
  local is_there = first
    and (not model.before or first.version <= version)
    and (not model.after or last.version >= version)
  if is_there then
    return done()
  end
  self:load("around", done, version)
end

---Read on at the end of what is there that a line is near to.
---@param lnum integer
function Feed:near(lnum)
  local model = self.view.model
  if self.loading then
    return
  elseif model.before and lnum <= #EARLIER then
    self:load("before")
  elseif model.after and lnum >= vim.api.nvim_buf_line_count(self.view.buffer) - #LATER then
    self:load("after")
  end
end

---Begin anew, as after a connection was lost: at the end, or around an item if that is far from it.
---@param item? string
function Feed:renew(item)
  local model = self.view.model
  local known = model.after and item and model.items[item]
  if known then
    self:load("around", nil, known.version)
  else
    self:load("last")
  end
end

---Take in what happened.
---@param change athena.Change
function Feed:hear(change)
  if self.loading then
    vim.list_extend(self.missed, change.events)
    vim.list_extend(self.unread, change.deltas)
    return self:refresh_footer()
  end
  local model, changed = self.view.model, {}
  for _, event in ipairs(change.events) do
    local id, new = model:take(event)
    if id then
      changed[id] = changed[id] or new or false
    end
  end
  for _, delta in ipairs(change.deltas) do
    local id = model:write(delta)
    if id then
      changed[id] = changed[id] or false
    end
  end
  if next(changed) and self.find and not model.after then
    self:load("last")
  elseif next(changed) then
    self.view:update(changed)
  end
  self:refresh_footer()
end

return M
