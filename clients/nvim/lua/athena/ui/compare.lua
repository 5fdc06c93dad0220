---Two agents side by side: their numbers above, their transcripts below, at the same turn.

local async = require("athena.async")
local buffers = require("athena.ui.buffer")
local client = require("athena.client")
local places = require("athena.places")
local state = require("athena.state")
local transcripts = require("athena.ui.transcript")
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

---@param window integer
---@return athena.TranscriptView?
local function view_of(window)
  return transcripts.view(vim.api.nvim_win_get_buf(window))
end

---The place, among the turns, of the line of a window's cursor.
---@param window integer
---@return integer?
local function turn_index(window)
  local view = view_of(window)
  local lnum = vim.api.nvim_win_get_cursor(window)[1]
  local found
  for index, turn in ipairs(view and view:turns() or {}) do
    if turn.lnum <= lnum then
      found = index
    end
  end
  return found
end

---Bring the others to the turn that one window is at.
---@param windows integer[]
local function follow(windows)
  local here = vim.api.nvim_get_current_win()
  if not vim.tbl_contains(windows, here) then
    return
  end
  local index = turn_index(here)
  for _, other in ipairs(windows) do
    if other ~= here and vim.api.nvim_win_is_valid(other) and index then
      local view = view_of(other)
      local turn = view and view:turns()[index]
      if turn and turn_index(other) ~= index then
        vim.api.nvim_win_set_cursor(other, { turn.lnum, 0 })
        vim.api.nvim_win_call(other, function()
          vim.cmd("normal! zt")
        end)
      end
    end
  end
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
  vim.api.nvim_clear_autocmds({ group = GROUP })
  vim.api.nvim_create_autocmd("CursorMoved", {
    group = GROUP,
    callback = function()
      follow(windows)
    end,
  })
end

return M
