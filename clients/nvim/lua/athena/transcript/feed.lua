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

-- Pages grow up to here, and no option gets beyond what Athena gives at once.
local LARGE_PAGE = 500
local MOST_AT_ONCE = 1000
-- With more items a buffer is slow: whatever changes in it, Neovim parses most of its Markdown anew.
local MOST_HELD = 1000
-- So many more may come while the agent works, before some are let go of.
local SLACK = 500
-- So many stay at either side of what a window shows.
local MARGIN = 100
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
  local page = config.get().page
  self.grown = (where == "before" or where == "after") and self.grown + 1 or 0
  local most = math.min(math.max(page, LARGE_PAGE), MOST_AT_ONCE)
  return math.floor(math.min(page * 2 ^ self.grown, most))
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

---Take in what happened.
---@param change { events: athena.Event[], deltas: athena.Delta[] }
---@param changed table<string, true> the ids of the items that are different are added
function Feed:take(change, changed)
  local model = self.view.model
  for _, event in ipairs(change.events) do
    local id = model:take(event)
    if id then
      changed[id] = true
    end
  end
  for _, delta in ipairs(change.deltas) do
    local id = model:write(delta)
    if id then
      changed[id] = true
    end
  end
end

---Take in what came while a page was on its way: it was perhaps read before.
---@param changed table<string, true>
function Feed:catch_up(changed)
  self:take({ events = self.missed, deltas = self.unread }, changed)
  self.missed, self.unread = {}, {}
end

---Show what is there, and that there is more at its ends.
---@param changed? table<string, true> what is different; nil: all is
---@param from? "first"|"last" the end from which it may be let go of what is too much
function Feed:show(changed, from)
  local view = self.view
  local function header()
    return view.model.before and EARLIER or {}
  end
  view.follows = view.follows and not view.model.after
  view:keeping(function()
    if changed then
      view:update(changed)
    else
      view.header = header()
      view:render()
    end
    if from and self:bound(from) then
      view:update({})
    end
    view:set_header(header())
    view.follows = not view.model.after
    self:refresh_footer()
  end)
end

---Let go of items that are far from all windows where there are too many, at one end and then at
---the other.
---@param from "first"|"last"
---@return boolean done
function Feed:bound(from)
  local view, model = self.view, self.view.model
  local count = #model.order
  if count <= MOST_HELD then
    return false
  end
  local index_of = {} ---@type table<string, integer>
  for index, id in ipairs(model.order) do
    index_of[id] = index
  end
  local seen_first, seen_last = view:seen()
  local least = math.max(1, (index_of[seen_first] or count) - MARGIN)
  local most = math.min(count, (index_of[seen_last] or 1) + MARGIN)
  local first, last = 1, count
  if from == "first" then
    first = math.min(least, count - MOST_HELD + 1)
    last = math.min(count, math.max(most, first + MOST_HELD - 1))
  else
    last = math.max(most, MOST_HELD)
    first = math.max(1, math.min(least, last - MOST_HELD + 1))
  end
  if first == 1 and last == count then
    return false
  end
  model:keep(first, last)
  return true
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
    local changed = {}
    for _, one in ipairs(pages) do
      changed = vim.tbl_extend("force", changed, view.model:add(one.page, one.side))
    end
    if where == "around" then
      -- What happened between the two pages is perhaps not in the first one.
      view.model.cursor = pages[1].page.cursor
    end
    self:catch_up(changed)
    self:show(grows and changed or nil, where == "before" and "last" or "first")
    vim.cmd.redrawstatus({ bang = true })
    if done then
      done()
    end
  end, function(failure)
    if is_wanted() then
      self.loading = nil
      local changed = {}
      self:catch_up(changed)
      self:show(changed)
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
  self:take(change, changed)
  if next(changed) and self.find and not model.after then
    self:load("last")
  elseif next(changed) then
    self:show(changed, #model.order > MOST_HELD + SLACK and "first" or nil)
  else
    self:refresh_footer()
  end
end

return M
