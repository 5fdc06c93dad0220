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
---@field all athena.Model the transcript, as far as it was read
---@field waiting? fun()[] what waits for the rest of it, while that is read
---@field view athena.TranscriptView what is shown of it
---@field first integer the first item that is shown
---@field position integer the last item that is shown
---@field timer? uv.uv_timer_t
---@field speed number

---@type table<integer, athena.Replay>
local open = {}
local PAGE = 1000
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

---Show the items before a place anew.
---@param replay athena.Replay
---@param position integer
local function render(replay, position)
  local all, model = replay.all, models.new(replay.agent)
  model.turns = all.turns
  replay.first = math.max(1, position - SHOWN + 1)
  for index = replay.first, position do
    model:put(all.items[all.order[index]])
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
  return math.abs(position - replay.position) <= STEPS
    and (replay.first == 1 or above >= STEPS)
    and above < 2 * SHOWN
end

---Show items up to a place. Some steps add or take away what is between; further away all is shown
---anew.
---@param replay athena.Replay
---@param position integer
local function seek(replay, position)
  local all, model = replay.all, replay.view.model
  position = math.max(1, math.min(position, #all.order))
  if not is_near(replay, position) then
    render(replay, position)
  elseif position < replay.position then
    replay.view:shorten(position - replay.first + 1)
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

---Read the page after what is known.
---@param all athena.Model
local function read_on(all)
  local params = { agent = all.agent, after = all.after or 0, limit = PAGE }
  all:add(client.call("athena/transcript/page", params), "after")
end

---Read the rest of the transcript, in `async.run`, while its beginning is looked at.
---@param replay athena.Replay
local function read_rest(replay)
  local ok, failure = true, nil
  replay.waiting = {}
  while ok and replay.all.after and open[replay.view.buffer] == replay do
    ok, failure = pcall(read_on, replay.all)
    vim.cmd.redrawstatus({ bang = true })
  end
  local waiting = replay.waiting
  replay.waiting = nil
  for _, resume in ipairs(waiting) do
    resume()
  end
  if not ok then
    error(failure, 0)
  end
end

---Wait, in `async.run`, until all of the transcript was read.
---@param replay athena.Replay
local function whole(replay)
  if replay.waiting then
    words.tell("reading …")
    async.await(function(resume)
      table.insert(replay.waiting, resume)
    end)
  elseif replay.all.after then
    read_rest(replay)
  end
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
    function()
      local replay = here()
      if replay then
        pause(replay)
        async.run(function()
          whole(replay)
          seek(replay, #replay.all.order)
        end)
      end
    end,
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
          whole(replay)
        end
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
    { ("%d/%d%s"):format(replay.position, count, replay.all.after and "…" or ""), glue = " " },
    { words.time(item.at), rank = 2 },
  }
  if replay.speed ~= 1 then
    table.insert(parts, { ("%gx"):format(replay.speed) })
  end
  return bar.compose(width, parts, "n p step · s seek · <Space> play")
end

---@param agent string id
---@param how? "split"|"vsplit"|"tab"
function M.open(agent, how)
  local all = models.new(agent)
  read_on(all)
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
  local replay = {
    agent = agent,
    all = all,
    view = view,
    first = 1,
    position = 0,
    speed = 1,
  }
  open[buffer] = replay
  view:render()
  buffers.plain(buffers.show(buffer, how), transcripts.WINDOW)
  vim.wo[0][0].winbar = "%{%v:lua.require'athena.ui.replay'.winbar()%}"
  seek(replay, 1)
  if all.after then
    read_rest(replay)
  end
end

return M
