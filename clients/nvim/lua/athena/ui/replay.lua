---A transcript step by step: what was said and done, up to a moment. It starts nothing.

local async = require("athena.async")
local bar = require("athena.ui.bar")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local models = require("athena.transcript.model")
local state = require("athena.state")
local transcripts = require("athena.ui.transcript")
local views = require("athena.transcript.view")
local words = require("athena.words")

local M = {}

---@class athena.Replay
---@field agent string
---@field all athena.Model the whole transcript
---@field view athena.TranscriptView what is shown of it
---@field position integer how many items are shown
---@field timer? uv.uv_timer_t
---@field speed number

---@type table<integer, athena.Replay>
local open = {}
local PAGE = 1000
local STEPS = 50
local BAR = 20
-- A pause of a night is not replayed in full.
local LONGEST_MS = 3000

---@return athena.Replay?
local function here()
  return open[vim.api.nvim_get_current_buf()]
end

---Show items up to a place. Some steps add or take away what is between, which costs the same in a
---long transcript as in a short one; further away all is shown anew.
---@param replay athena.Replay
---@param position integer
local function seek(replay, position)
  local all, model = replay.all, replay.view.model
  position = math.max(1, math.min(position, #all.order))
  if math.abs(position - replay.position) > STEPS then
    model = models.new(replay.agent)
    model.turns = all.turns
    for index = 1, position do
      model:put(all.items[all.order[index]])
    end
    replay.view.model = model
    replay.view:render()
  elseif position < replay.position then
    replay.view:shorten(position)
    for index = replay.position, position + 1, -1 do
      model.items[all.order[index]] = nil
      table.remove(model.order)
    end
  else
    local came = {}
    for index = replay.position + 1, position do
      model:put(all.items[all.order[index]])
      came[all.order[index]] = true
    end
    replay.view:update(came)
  end
  replay.position = position
  for _, window in ipairs(buffers.windows(replay.view.buffer)) do
    local count = vim.api.nvim_buf_line_count(replay.view.buffer)
    vim.api.nvim_win_set_cursor(window, { count, 0 })
  end
  vim.cmd.redrawstatus({ bang = true })
end

---@param replay athena.Replay
local function pause(replay)
  if replay.timer then
    replay.timer:stop()
    replay.timer:close()
    replay.timer = nil
  end
end

---@param replay athena.Replay
local function play(replay)
  local all = replay.all
  local now = all.items[all.order[replay.position]]
  local next_item = all.items[all.order[replay.position + 1]]
  if not next_item then
    return pause(replay)
  end
  pause(replay)
  local wait = math.min(LONGEST_MS, math.max(20, (next_item.at - now.at) / replay.speed))
  replay.timer = vim.defer_fn(function()
    replay.timer = nil
    if vim.api.nvim_buf_is_loaded(replay.view.buffer) then
      seek(replay, replay.position + 1)
      play(replay)
    end
  end, math.floor(wait))
end

---The first item of the turn before or after the one that is shown last.
---@param replay athena.Replay
---@param direction 1|-1
---@return integer
local function turn_from(replay, direction)
  local all = replay.all
  local function turn(index)
    local id = all.order[index]
    return id and all.items[id].turnId
  end
  local index = replay.position + direction
  while all.order[index] and (turn(index) == turn(index - 1) or not turn(index)) do
    index = index + direction
  end
  return index
end

---@param text string an item's number, `50%`, or a time such as `14:03`
---@param replay athena.Replay
---@return integer?
local function parse(text, replay)
  local percent, number = tonumber(text:match("^(%d+)%%$")), tonumber(text)
  if percent then
    return math.floor(#replay.all.order * percent / 100)
  elseif number then
    return number
  elseif text:find("^%d+:%d+") then
    text = text:find("^%d:") and "0" .. text or text
    for index, id in ipairs(replay.all.order) do
      if words.time(replay.all.items[id].at) >= text then
        return index
      end
    end
    return #replay.all.order
  end
end

---@param step fun(replay: athena.Replay): integer?
---@return fun()
local function going(step)
  return function()
    local replay = here()
    if replay then
      pause(replay)
      local position = step(replay)
      if position then
        seek(replay, position)
      end
    end
  end
end

---@param times number
---@return fun()
local function faster(times)
  return function()
    local replay = here()
    if replay then
      replay.speed = replay.speed * times
      vim.cmd.redrawstatus()
    end
  end
end

---@type athena.Key[]
local KEYS = {
  {
    "n",
    "next",
    "next item",
    going(function(replay)
      return replay.position + vim.v.count1
    end),
  },
  {
    "p",
    "previous",
    "previous item",
    going(function(replay)
      return replay.position - vim.v.count1
    end),
  },
  {
    "]t",
    "next_turn",
    "next turn",
    going(function(replay)
      return turn_from(replay, 1)
    end),
  },
  {
    "[t",
    "previous_turn",
    "previous turn",
    going(function(replay)
      return turn_from(replay, -1)
    end),
  },
  {
    "0",
    "first",
    "the beginning",
    going(function()
      return 1
    end),
  },
  {
    "$",
    "last",
    "the end",
    going(function(replay)
      return #replay.all.order
    end),
  },
  {
    "s",
    "seek",
    "seek: an item, 50%, 14:03",
    function()
      local replay = here()
      async.run(function()
        local text = async.input("Item, percent or time")
        local position = text and replay and parse(text, replay)
        if replay and position then
          seek(replay, position)
        elseif text and text ~= "" then
          words.tell("seek takes the number of an item, 50%, or a time such as 14:03")
        end
      end)
    end,
  },
  {
    "<Space>",
    "play",
    "play or pause",
    function()
      local replay = here()
      if replay and replay.timer then
        pause(replay)
      elseif replay then
        play(replay)
      end
      vim.cmd.redrawstatus()
    end,
  },
  {
    "+",
    "faster",
    "play faster",
    faster(2),
  },
  {
    "-",
    "slower",
    "play slower",
    faster(0.5),
  },
  { "<CR>", "enter", "open or close", "<Cmd>silent! normal! za<CR>" },
  { "q", "close", "close", buffers.close },
}

---For 'winbar'.
---@return string
function M.winbar()
  local buffer, width = bar.drawn()
  local replay = open[buffer]
  if not replay then
    return ""
  end
  local count = #replay.all.order
  local item = replay.all.items[replay.all.order[replay.position]]
  local agent = state.agents[replay.agent]
  local done = math.floor(replay.position / count * BAR)
  ---@type athena.BarPart[]
  local parts = {
    { agent and agent.name or replay.agent, "AthenaName", cut = true },
    { replay.timer and "▶" or "‖", glue = " " },
    { ("━"):rep(done) .. ("─"):rep(BAR - done), glue = " ", rank = 1 },
    { ("%d/%d"):format(replay.position, count), glue = " " },
    { words.time(item.at), rank = 2 },
  }
  if replay.speed ~= 1 then
    table.insert(parts, { ("%gx"):format(replay.speed) })
  end
  return bar.compose(width, parts, "n p step · s seek · <Space> play")
end

---@param agent string id
---@return athena.Model
local function read_all(agent)
  local model = models.new(agent)
  local after = 0
  while after do
    local params = { agent = agent, after = after, limit = PAGE }
    local page = client.call("athena/transcript/page", params)
    model:add(page, "after")
    after = page.after
  end
  return model
end

---@param agent string id
---@param how? "split"|"vsplit"|"tab"
function M.open(agent, how)
  local all = read_all(agent)
  if #all.order == 0 then
    return words.tell("nothing was said yet")
  end
  local buffer, new = buffers.get(transcripts.name("replay", agent), "athena-transcript")
  if new then
    transcripts.highlight(buffer)
    buffers.map(buffer, "replay", KEYS)
    vim.api.nvim_create_autocmd("BufUnload", {
      buffer = buffer,
      callback = function()
        pause(open[buffer])
        views.forget(buffer)
        open[buffer] = nil
      end,
    })
  else
    pause(open[buffer])
  end
  vim.b[buffer].athena_agent = agent
  local known = state.agents[agent]
  local shown = models.new(agent)
  shown.turns = all.turns
  local view = views.new(buffer, shown)
  view.root = known and known.workspace and known.workspace.path
  open[buffer] = { agent = agent, all = all, view = view, position = 0, speed = 1 }
  view:render()
  buffers.plain(buffers.show(buffer, how), transcripts.WINDOW)
  vim.wo[0][0].winbar = "%{%v:lua.require'athena.ui.replay'.winbar()%}"
  seek(open[buffer], 1)
end

return M
