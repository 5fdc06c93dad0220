---Two agents side by side: their numbers above, their transcripts below, at the same turn.

local async = require("athena.async")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local places = require("athena.places")
local state = require("athena.state")
local transcripts = require("athena.ui.transcript")
local turns = require("athena.transcript.turns")
local words = require("athena.words")

local M = {}

local GROUP = vim.api.nvim_create_augroup("athena.compare", {})

---The files that both changed, in their own repository and in others.
---@param found athena.Comparison
---@return { repository?: string, path: string }[]
local function shared(found)
  local own = vim.tbl_map(function(path)
    return { path = path }
  end, found.sharedFiles)
  return vim.list_extend(own, found.sharedElsewhere)
end

---How the last run of tests ended, as far as a command says that it is one.
---@param one athena.ComparedAgent
---@return string
local function tests(one)
  if one.testRuns == 0 then
    return "none run"
  end
  local ended = one.testsPassed
  local said = ended == nil and "running" or ended and "passed" or "failed"
  return one.testRuns > 1 and ("%s, %s"):format(said, words.count(one.testRuns, "run")) or said
end

---@param found athena.Comparison
---@return string[]
local function compose(found)
  local rows = {
    {
      "",
      function(one)
        return one.name
      end,
    },
    {
      "harness",
      function(one)
        return one.harness .. (one.model and " · " .. one.model or "")
      end,
    },
    {
      "work",
      function(one)
        local failed = one.failedCommands > 0
            and (", %s failed"):format(words.count(one.failedCommands, "command"))
          or ""
        return words.count(one.turns, "turn")
          .. ", "
          .. words.count(one.toolCalls, "call")
          .. failed
      end,
    },
    { "tests", tests },
    {
      "spent",
      function(one)
        local cost = words.cost(one.cost)
        local spent = words.tokens(one.inputTokens + one.outputTokens) .. " tokens"
        return words.duration(one.durationMs)
          .. ", "
          .. spent
          .. (cost ~= "" and ", " .. cost or "")
      end,
    },
    {
      "changed",
      function(one)
        return ("%s +%d -%d"):format(words.count(one.files, "file"), one.additions, one.deletions)
      end,
    },
  }
  local width = math.floor((vim.o.columns - 9) / #found.agents) - 1 --[[@as integer]]
  local lines = {}
  for _, row in ipairs(rows) do
    local line = ("%-8s"):format(row[1])
    for _, one in ipairs(found.agents) do
      local cell = words.line(row[2](one) --[[@as string]], width)
      line = line .. " " .. cell .. (" "):rep(width - vim.fn.strdisplaywidth(cell))
    end
    table.insert(lines, (line:gsub("%s+$", "")))
  end
  local both = vim.tbl_map(function(file)
    return places.shown(file.repository, file.path)
  end, shared(found))
  local said = #both > 0 and table.concat(both, ", ") or "none"
  table.insert(lines, "both     " .. words.line(said, vim.o.columns - 10))
  return lines
end

---Transcripts side by side, in windows that go to the same turn.
---@class athena.Pairing
---@field windows integer[]
---@field turns table<integer, string> the turn that each window is at, as far as it was looked at
---@field moves integer how often one window led the others

---@param window integer
---@return athena.Feed?
local function feed_of(window)
  local is_there = vim.api.nvim_win_is_valid(window)
  return is_there and transcripts.feed(vim.api.nvim_win_get_buf(window)) or nil
end

---Bring a window to the turn of a number, or to the last one before where the agent has none such;
---in `async.run`.
---@param pairing athena.Pairing
---@param window integer
---@param turn integer
---@param is_wanted fun(): boolean
local function bring(pairing, window, turn, is_wanted)
  local feed = feed_of(window)
  if not feed then
    return
  end
  local asked = { agent = feed.view.model.agent, turn = turn }
  local place = client.call("athena/transcript/locate", asked)
  if is_wanted() and feed_of(window) == feed then
    local item = turns.item(feed.view, window)
    pairing.turns[window] = place.turnId
    if not item or item.turnId ~= place.turnId then
      turns.reach(feed, window, place.version)
    end
  end
end

-- An agent that has said nothing has no turn to go to, and a server that is gone comes back.
local function ignore() end

---Bring the others to the turn that the current window has come to.
---@param pairing athena.Pairing
local function lead(pairing)
  local here = vim.api.nvim_get_current_win()
  local feed = vim.tbl_contains(pairing.windows, here) and feed_of(here)
  local item = feed and turns.item(feed.view, here)
  local before = pairing.turns[here]
  if not feed or not item or not item.turnId or item.turnId == before then
    return
  end
  pairing.turns[here] = item.turnId
  local model = feed.view.model
  if not before and not model.after and item.turnId == model:last_turn() then
    return -- It was opened there.
  end
  pairing.moves = pairing.moves + 1
  local mine = pairing.moves
  local function is_wanted()
    return mine == pairing.moves
  end
  async.run(function()
    local asked = { agent = model.agent, version = item.version }
    local turn = client.call("athena/transcript/locate", asked).turn
    for _, other in ipairs(turn and pairing.windows or {}) do
      if other ~= here then
        async.run(function()
          bring(pairing, other, turn, is_wanted)
        end, ignore)
      end
    end
  end, ignore)
end

---Let the windows go to the same turn, as long as one of them is there.
---@param windows integer[]
local function pair(windows)
  ---@type athena.Pairing
  local pairing = { windows = windows, turns = {}, moves = 0 }
  for _, window in ipairs(windows) do
    local feed = feed_of(window)
    local item = feed and turns.item(feed.view, window)
    pairing.turns[window] = item and item.turnId
  end
  vim.api.nvim_create_autocmd("CursorMoved", {
    group = GROUP,
    callback = function()
      lead(pairing)
      return #vim.tbl_filter(vim.api.nvim_win_is_valid, windows) == 0
    end,
  })
end

---Show how two agents have a file that both changed, in diff mode.
---@param agents string[]
---@param files { repository?: string, path: string }[]
local function diff(agents, files)
  async.run(function()
    local choices = vim.tbl_map(function(file)
      return { label = places.shown(file.repository, file.path), value = file }
    end, files)
    local file = #files == 1 and files[1] or (#files > 1 and async.select(choices, "File") or nil)
    if not file then
      return #files == 0 and words.tell("there is no file that both changed") or nil
    end
    local path = places.shown(file.repository, file.path)
    local texts = {}
    for index, agent in ipairs(agents) do
      local asked = { agent = agent, repository = file.repository, path = file.path }
      texts[index] = client.call("athena/comparison/text", asked).text
    end
    vim.cmd("tab split")
    for index, agent in ipairs(agents) do
      local buffer = buffers.get(("athena://comparison/%s/%s"):format(agent, path), "athena-page")
      buffers.set(buffer, 0, -1, vim.split(texts[index]:gsub("\n$", ""), "\n"))
      buffers.map(buffer, "page", { { "q", "close", "close", "<Cmd>tabclose<CR>" } })
      if index > 1 then
        vim.cmd("rightbelow vsplit")
      end
      vim.api.nvim_win_set_buf(0, buffer)
      vim.bo[buffer].syntax = vim.filetype.match({ filename = path }) or ""
      local name = state.agents[agent] and state.agents[agent].name or agent
      local title = (" %%#AthenaName#%s%%* %s"):format(
        buffers.bar_text(name),
        buffers.bar_text(path)
      )
      vim.wo[0][0].winbar = title
      vim.cmd.diffthis()
    end
  end)
end

---@param agents string[] ids
function M.open(agents)
  local found = client.call("athena/comparison/get", { agents = agents })
  vim.cmd("tab split")
  local windows = {}
  for index, agent in ipairs(agents) do
    if index > 1 then
      vim.cmd("rightbelow vsplit")
    end
    vim.api.nvim_win_set_buf(0, transcripts.buffer(agent))
    transcripts.dress(0)
    table.insert(windows, vim.api.nvim_get_current_win())
  end
  local buffer = buffers.get("athena://comparison", "athena-comparison")
  local lines = compose(found)
  local marks = { { 0, 0, -1, "AthenaName" } }
  for line = 1, #lines - 1 do
    table.insert(marks, { line, 0, 8, "AthenaMuted" })
  end
  buffers.set(buffer, 0, -1, lines, marks)
  vim.cmd("topleft split")
  vim.api.nvim_win_set_buf(0, buffer)
  vim.api.nvim_win_set_height(0, #lines)
  buffers.plain(0, { wrap = false, cursorline = false, winfixheight = true })
  vim.wo[0][0].winbar = ""
  buffers.map(buffer, "comparison", {
    {
      "d",
      "diff",
      "compare a file that both changed",
      function()
        diff(agents, shared(found))
      end,
    },
    { "q", "close", "close", "<Cmd>tabclose<CR>" },
  })
  vim.api.nvim_set_current_win(windows[1])
  vim.tbl_map(transcripts.placed, windows)
  pair(windows)
end

return M
