---A part of a transcript in one piece, with the numbers of its items. It grows at either end, and
---begins anew around a place that is far from it, so that nothing between is read. In `async.run`.

local client = require("athena.client")
local models = require("athena.transcript.model")

---@class athena.Part
---@field agent string
---@field model athena.Model
---@field first integer the number of its first item
---@field total? integer how many items the agent has, as far as it was asked for
local Part = {}
Part.__index = Part

local M = {}

local PAGE = 500
-- Whoever goes on step by step is not to wait at the end of each page.
local MARGIN = 50

---@param agent string
---@return athena.Part part of which nothing was read yet
function M.new(agent)
  return setmetatable({ agent = agent, model = models.new(agent), first = 1 }, Part)
end

---The number of its last item; it is one less than that of the first where there is none.
---@return integer
function Part:last()
  return self.first + #self.model.order - 1
end

---@param number integer
---@return athena.TranscriptItem?
function Part:item(number)
  return self.model.items[self.model.order[number - self.first + 1]]
end

---@param where { before?: integer, after?: integer }
---@return athena.TranscriptPage
function Part:page(where)
  local params = { agent = self.agent, limit = PAGE, before = where.before, after = where.after }
  return client.call("athena/transcript/page", params)
end

---Read on towards the beginning.
function Part:read_before()
  local count = #self.model.order
  self.model:add(self:page({ before = self.model.before }), "before")
  self.first = self.first - (#self.model.order - count)
end

---Read on towards the end; what came since the end was reached is there too.
function Part:read_after()
  local last = self:item(self:last())
  local after = self.model.after or last and last.version or 0
  self.model:add(self:page({ after = after }), "after")
end

---Begin anew: the items up to a place, and those that follow it.
---@param place athena.ItemPlace
function Part:read_around(place)
  local before = self:page({ before = place.version + 1 })
  local after = self:page({ after = place.version })
  self.model = models.new(self.agent)
  self.model:add(before, "before")
  self.first = place.number - #self.model.order + 1
  self.model:add(after, "after")
end

---Ask where an item is.
---@param asked { number?: integer, version?: integer, at?: integer, turns?: integer }
---@return athena.ItemPlace
function Part:locate(asked)
  local params = vim.tbl_extend("force", { agent = self.agent }, asked)
  local place = client.call("athena/transcript/locate", params)
  self.total = place.total
  return place
end

---Have an item here, and some at either side of it.
---@param number integer
---@return integer number that of the first or the last item where there is no such
function Part:hold(number)
  if not self:item(number) then
    local place = self:locate({ number = math.max(1, number) })
    number = place.number
    if self:item(number) == nil then
      if number > self:last() and number <= self:last() + PAGE then
        self:read_after()
      elseif number < self.first and number >= self.first - PAGE and self.model.before then
        self:read_before()
      else
        self:read_around(place)
      end
    end
  end
  if self.model.before and number - self.first < MARGIN then
    self:read_before()
  end
  if self.model.after and self:last() - number < MARGIN then
    self:read_after()
  end
  return math.max(self.first, math.min(number, self:last()))
end

return M
