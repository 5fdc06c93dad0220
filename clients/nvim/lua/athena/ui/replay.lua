---A transcript step by step: what was said and done, up to a moment. It starts nothing.

local async = require("athena.async")
local bar = require("athena.ui.bar")
local buffers = require("athena.ui.buffer")
local models = require("athena.transcript.model")
local partial = require("athena.transcript.part")
local state = require("athena.state")
local transcripts = require("athena.ui.transcript")
local views = require("athena.transcript.view")
local words = require("athena.words")

local M = {}

---@class athena.Replay
---@field agent string
---@field part athena.Part what was read of the transcript
---@field view athena.TranscriptView what is shown of it
---@field shown? athena.Model where what is shown was taken from
---@field first integer the number of the first item that is shown
---@field position integer the number of the last item that is shown
---@field deeds fun()[] what is to be done one after the other; the first one is being done
---@field playing boolean
---@field timer? uv.uv_timer_t
---@field speed number

---@type table<integer, athena.Replay>
local open = {}
local STEPS = 50
-- So much of what was before is shown: a buffer of a hundred thousand items would be slow.
local SHOWN = 500
local LEFT_OUT = { "… what came before is left out here", "" }
local BAR = 20
-- A pause of a night is not replayed in full.
local LONGEST_MS = 3000

---@return athena.Replay?
local function here()
  return open[vim.api.nvim_get_current_buf()]
end

---@param replay athena.Replay
---@return boolean
local function is_open(replay)
  return open[replay.view.buffer] == replay and vim.api.nvim_buf_is_loaded(replay.view.buffer)
end

---Show the items before a place anew.
---@param replay athena.Replay
---@param position integer
local function render(replay, position)
  local part, model = replay.part, models.new(replay.agent)
  model.turns = part.model.turns
  replay.shown = part.model
  replay.first = math.max(part.first, position - SHOWN + 1)
  for number = replay.first, position do
    model:put(assert(part:item(number)))
  end
  replay.view.model = model
  replay.view.header = replay.first > 1 and LEFT_OUT or {}
  replay.view:render()
end

---Whether what is shown can be added to, or taken from, to get to a place: by some steps, and neither
---to where nothing is shown above, nor on and on.
---@param replay athena.Replay
---@param position integer
---@return boolean
local function is_near(replay, position)
  local above = position - replay.first
  return replay.shown == replay.part.model
    and math.abs(position - replay.position) <= STEPS
    and (replay.first == 1 or above >= STEPS)
    and above < 2 * SHOWN
end

---Show items up to one that was read. Some steps add or take away what is between; further away all
---is shown anew.
---@param replay athena.Replay
---@param position integer
local function show(replay, position)
  local part, model = replay.part, replay.view.model
  if not is_near(replay, position) then
    render(replay, position)
  elseif position < replay.position then
    model:keep(1, position - replay.first + 1)
    replay.view:update({})
  else
    local came = {}
    for number = replay.position + 1, position do
      local item = part:item(number)
      if item then
        model:put(item)
        came[item.itemId] = true
      end
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

---Show items up to one, in `async.run`: those around it may have to be read.
---@param replay athena.Replay
---@param number? integer
local function seek(replay, number)
  number = number and replay.part:hold(number)
  if number and is_open(replay) then
    show(replay, number)
  end
end

---Do something that may wait, after what was begun before: keys that come quickly are each obeyed.
---@param replay athena.Replay
---@param deed fun()
local function go(replay, deed)
  table.insert(replay.deeds, deed)
  if #replay.deeds > 1 then
    return
  end
  async.run(function()
    while replay.deeds[1] and is_open(replay) do
      replay.deeds[1]()
      table.remove(replay.deeds, 1)
    end
    vim.cmd.redrawstatus({ bang = true })
  end, function(failure)
    replay.deeds = {}
    async.report(failure)
    vim.cmd.redrawstatus({ bang = true })
  end)
end

---The item that is shown last.
---@param replay athena.Replay
---@return athena.TranscriptItem
local function current(replay)
  local model = replay.view.model
  return model.items[model.order[#model.order]]
end

---@param replay athena.Replay
local function pause(replay)
  replay.playing = false
  if replay.timer then
    replay.timer:stop()
    replay.timer:close()
    replay.timer = nil
  end
end

---@param replay athena.Replay
local function play(replay)
  pause(replay)
  local next_item = replay.part:item(replay.position + 1)
  if not next_item then
    return
  end
  replay.playing = true
  local pause_ms = (next_item.at - current(replay).at) / replay.speed
  replay.timer = vim.defer_fn(function()
    replay.timer = nil
    go(replay, function()
      seek(replay, replay.position + 1)
      if replay.playing and is_open(replay) then
        play(replay)
      end
    end)
  end, math.floor(math.min(LONGEST_MS, math.max(20, pause_ms))))
end

---When a time of day was: on the day on which the transcript begins, or on the next one.
---@param text string
---@param day table<string, integer> as `os.date` tells it
---@param later integer days
---@return integer milliseconds since 1970 UTC
local function moment(text, day, later)
  local hour, minute, second = text:match("^(%d+):(%d+):?(%d*)")
  local time = os.time({
    year = day.year,
    month = day.month,
    day = day.day + later,
    hour = tonumber(hour) --[[@as integer]],
    min = tonumber(minute) --[[@as integer]],
    sec = tonumber(second) --[[@as integer?]] or 0,
  })
  return time * 1000
end

---@param replay athena.Replay
---@param text string a time such as `14:03`
---@return integer
local function at_time(replay, text)
  local part = replay.part
  local begun = part:locate({ number = 1 }).at
  local day = os.date("*t", math.floor(begun / 1000)) --[[@as table<string, integer>]]
  local first = moment(text, day, 0)
  if first < begun then
    local second = moment(text, day, 1)
    local place = part:locate({ at = second })
    if place.at >= second then
      return place.number
    end
  end
  return part:locate({ at = first }).number
end

---@param text string an item's number, `50%`, or a time such as `14:03`
---@param replay athena.Replay
---@return integer?
local function parse(text, replay)
  local percent, number = tonumber(text:match("^(%d+)%%$")), tonumber(text)
  if percent then
    return math.floor(replay.part:locate({}).total * percent / 100)
  elseif number then
    return math.floor(number)
  elseif text:find("^%d+:%d+") then
    return at_time(replay, text)
  end
  words.tell("seek takes the number of an item, 50%, or a time such as 14:03")
end

---@param step fun(replay: athena.Replay, count: integer): integer?
---@return fun()
local function going(step)
  return function()
    local replay, count = here(), vim.v.count1
    if replay then
      pause(replay)
      go(replay, function()
        seek(replay, step(replay, count))
      end)
    end
  end
end

---Go to where another turn begins.
---@param direction 1|-1
---@return fun()
local function going_by_turn(direction)
  return going(function(replay, count)
    local version = current(replay).version
    return replay.part:locate({ version = version, turns = direction * count }).number
  end)
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
    going(function(replay, count)
      return replay.position + count
    end),
  },
  {
    "p",
    "previous",
    "previous item",
    going(function(replay, count)
      return replay.position - count
    end),
  },
  {
    "]t",
    "next_turn",
    "next turn",
    going_by_turn(1),
  },
  {
    "[t",
    "previous_turn",
    "previous turn",
    going_by_turn(-1),
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
      return replay.part:locate({}).number
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
        if replay and text and text ~= "" then
          pause(replay)
          go(replay, function()
            seek(replay, parse(text, replay))
          end)
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
      if replay and replay.playing then
        pause(replay)
      elseif replay then
        go(replay, function()
          play(replay)
        end)
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
  local part = replay.part
  local count = math.max(part.total or 0, part:last())
  local agent = state.agents[replay.agent]
  local done = math.floor(replay.position / count * BAR)
  ---@type athena.BarPart[]
  local parts = {
    { agent and agent.name or replay.agent, "AthenaName", cut = true },
    { replay.playing and "▶" or "‖", glue = " " },
    { ("━"):rep(done) .. ("─"):rep(BAR - done), glue = " ", rank = 1 },
    { ("%d/%d%s"):format(replay.position, count, part.total and "" or "…"), glue = " " },
    { words.time(current(replay).at), rank = 2 },
  }
  if replay.deeds[1] then
    table.insert(parts, { "reading …" })
  end
  if replay.speed ~= 1 then
    table.insert(parts, { ("%gx"):format(replay.speed) })
  end
  return bar.compose(width, parts, "n p step · s seek · <Space> play")
end

---@param agent string id
---@param how? "split"|"vsplit"|"tab"
function M.open(agent, how)
  local part = partial.new(agent)
  part:read_after()
  if part:last() == 0 then
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
  local view = views.new(buffer, models.new(agent))
  view.root = known and known.workspace and known.workspace.path
  local replay = {
    agent = agent,
    part = part,
    view = view,
    first = 1,
    position = 0,
    deeds = {},
    playing = false,
    speed = 1,
  }
  open[buffer] = replay
  show(replay, 1)
  buffers.plain(buffers.show(buffer, how), transcripts.WINDOW)
  vim.wo[0][0].winbar = "%{%v:lua.require'athena.ui.replay'.winbar()%}"
  -- How many there are is known some time after the first ones are seen.
  part:locate({})
  vim.cmd.redrawstatus({ bang = true })
end

return M
