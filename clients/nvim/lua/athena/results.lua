---What a command answered, shown in the way that fits: a word, a table, or lists Neovim has anyway.

local buffers = require("athena.ui.buffer")
local places = require("athena.places")
local state = require("athena.state")
local words = require("athena.words")

local M = {}

---@class athena.Column
---@field [1] string heading
---@field [2] fun(row: table): any

---@class athena.Listing
---@field field string the member of the result that holds the rows
---@field columns athena.Column[]
---@field none string

---@param name string
---@return fun(row: table): any
local function member(name)
  return function(row)
    return row[name]
  end
end

---@param name string
---@return fun(row: table): any
local function date(name)
  return function(row)
    return row[name] and os.date("%F %H:%M", math.floor(row[name] / 1000))
  end
end

local function agent_name(id)
  local agent = id and state.agents[id]
  return agent and agent.name or id
end

---The agent of a worktree, and the repository where it is another than the agent's own.
---@param row athena.WorkspaceState
---@return string?
local function whose(row)
  for name, folder in pairs(places.others(state.agents[row.agentId])) do
    if folder == row.path then
      return ("%s in %s"):format(row.agentName, name)
    end
  end
  return row.agentName
end

---@type table<string, athena.Listing>
local LISTINGS = {
  ["athena.harness.list"] = {
    field = "harnesses",
    none = "No harness is known.",
    columns = {
      { "harness", member("name") },
      { "protocol", member("protocol") },
      {
        "installed",
        function(row)
          return row.installed and (row.version or "yes") or "no"
        end,
      },
      {
        "",
        function(row)
          return row.installed and row.path or row.hint
        end,
      },
    },
  },
  ["athena.archetype.list"] = {
    field = "archetypes",
    none = "There are no archetypes.",
    columns = {
      { "archetype", member("name") },
      { "from", member("source") },
      { "", member("description") },
    },
  },
  ["athena.rule.list"] = {
    field = "rules",
    none = "There are no permission rules.",
    columns = {
      {
        "rule",
        function(row)
          return require("athena.offers").rule_words(row)
        end,
      },
      { "from", member("source") },
      { "", member("note") },
    },
  },
  ["athena.workspace.list"] = {
    field = "workspaces",
    none = "There are no workspaces.",
    columns = {
      {
        "agent",
        function(row)
          return row.agentName and whose(row) or "(orphan)"
        end,
      },
      { "branch", member("branch") },
      {
        "changed",
        function(row)
          return ("%d+%d"):format(row.changed, row.untracked)
        end,
      },
      { "ahead", member("ahead") },
      { "unpushed", member("unpushed") },
      {
        "path",
        function(row)
          return (row.vanished and "(vanished) " or "") .. vim.fn.fnamemodify(row.path, ":~")
        end,
      },
    },
  },
  ["athena.session.list"] = {
    field = "sessions",
    none = "No session was made outside.",
    columns = {
      { "changed", date("modifiedAt") },
      { "harness", member("harness") },
      { "", member("state") },
      { "title", member("title") },
      { "session", member("sessionId") },
    },
  },
  ["athena.rescue.list"] = {
    field = "rescues",
    none = "No work was captured.",
    columns = {
      { "at", date("at") },
      { "reason", member("reason") },
      { "branch", member("branch") },
      { "path", member("path") },
      { "ref", member("ref") },
    },
  },
  ["athena.checkpoint.list"] = {
    field = "checkpoints",
    none = "There are no checkpoints.",
    columns = {
      { "at", date("at") },
      { "turn", member("turnId") },
      { "edge", member("edge") },
      {
        "commit",
        function(row)
          return row.commit:sub(1, 12)
        end,
      },
    },
  },
  ["athena.collision.list"] = {
    field = "collisions",
    none = "No agents collide.",
    columns = {
      {
        "agent",
        function(row)
          return agent_name(row.agentId)
        end,
      },
      {
        "other",
        function(row)
          return agent_name(row.otherId)
        end,
      },
      {
        "",
        function(row)
          return row.conflict and "conflict" or "collide"
        end,
      },
      {
        "where",
        function(row)
          return table.concat(
            vim.tbl_map(function(range)
              return ("%s:%d-%d"):format(range.path, range.start, range["end"])
            end, row.ranges),
            " "
          )
        end,
      },
    },
  },
}
LISTINGS["athena.rule.add"] = LISTINGS["athena.rule.list"]
LISTINGS["athena.rule.remove"] = LISTINGS["athena.rule.list"]

---@param name string
---@param lines string[]
---@param marks? athena.Mark[]
function M.page(name, lines, marks)
  local buffer = buffers.get("athena://" .. name, "athena-page")
  buffers.set(buffer, 0, -1, lines, marks)
  buffers.map(buffer, "page", { { "q", "close", "close", buffers.close } })
  buffers.plain(
    buffers.show(buffer, "split"),
    { wrap = true, linebreak = true, breakindent = true }
  )
end

---Rows as columns that are as wide as their longest cell.
---@param listing athena.Listing
---@param rows table[]
---@return string[]
---@return athena.Mark[]
local function tabulate(listing, rows)
  local cells, widths = { {} }, {}
  for index, column in ipairs(listing.columns) do
    cells[1][index] = column[1]
  end
  for _, row in ipairs(rows) do
    local line = {}
    for index, column in ipairs(listing.columns) do
      local value = column[2](row)
      line[index] = value == nil and "" or words.line(tostring(value), 120)
    end
    table.insert(cells, line)
  end
  for _, line in ipairs(cells) do
    for index, cell in ipairs(line) do
      widths[index] = math.max(widths[index] or 0, vim.fn.strdisplaywidth(cell))
    end
  end
  local lines = vim.tbl_map(function(line)
    local text = ""
    for index, cell in ipairs(line) do
      text = text .. cell .. (" "):rep(widths[index] - vim.fn.strdisplaywidth(cell) + 2)
    end
    return (text:gsub("%s+$", ""))
  end, cells)
  return lines, { { 0, 0, -1, "AthenaTitle" } }
end

---Members and values, one a line.
---@param result table
---@return string[]
local function describe(result)
  local names, lines = vim.tbl_keys(result), {}
  table.sort(names)
  for _, name in ipairs(names) do
    local value = result[name]
    if type(value) == "table" and not vim.islist(value) then
      table.insert(lines, name)
      for _, line in ipairs(describe(value)) do
        table.insert(lines, "  " .. line)
      end
    elseif type(value) == "table" then
      table.insert(lines, ("%s: %s"):format(name, #value == 0 and "none" or ""))
      for _, one in ipairs(value) do
        local text = type(one) == "table" and vim.json.encode(one) or tostring(one)
        table.insert(lines, "  " .. text)
      end
    else
      local is_time = name:find("At$") and type(value) == "number"
      local text = is_time and os.date("%F %T", math.floor(value / 1000)) or tostring(value)
      table.insert(lines, ("%s: %s"):format(name, text))
    end
  end
  return lines
end

---Comments as a quickfix list, in the files of the agents' workspaces.
---@param result athena.CommentList
local function comments(result)
  local entries = {}
  for _, comment in ipairs(result.comments) do
    local agent = state.agents[comment.agentId]
    local folder = places.worktree(agent, comment.repository)
    table.insert(entries, {
      filename = folder and folder .. "/" .. comment.path or comment.path,
      lnum = math.max(1, comment.line),
      end_lnum = comment.endLine,
      text = ("[%s] %s: %s"):format(comment.state, comment.by, comment.text),
    })
  end
  if #entries == 0 then
    return words.tell("there are no comments")
  end
  vim.fn.setqflist({}, " ", { title = "Athena: comments", items = entries })
  vim.cmd("botright copen 8")
end

---@type table<string, fun(result: any, params: table)>
local OWN = {
  ["athena.review.listComments"] = comments,
  ["athena.agent.logs"] = function(result, params)
    local text = result.text ~= "" and result.text
      or "The harness wrote nothing to its standard error."
    M.page("logs/" .. params.agent, vim.split(text, "\n"))
    vim.cmd("normal! G")
  end,
  ["athena.publish.run"] = function(result)
    local where = result.url or ("%s/%s"):format(result.remote, result.branch)
    if result.url then
      vim.fn.setreg("+", result.url)
    end
    local notes = #result.notes > 0 and ". " .. table.concat(result.notes, " ") or ""
    words.tell("published: " .. where .. notes)
  end,
  ["athena.log.export"] = function(result)
    words.tell(("%s written to %s"):format(words.count(result.events, "event"), result.path))
  end,
  ["athena.log.backup"] = function(result)
    words.tell("backed up to " .. result.path)
  end,
  ["athena.log.verify"] = function(result)
    if result.ok then
      return words.tell(("the log is whole, %s"):format(words.count(result.events, "event")))
    end
    M.page("verify", vim.list_extend({ "The log is damaged:", "" }, result.problems))
  end,
  ["athena.workspace.restore"] = function(result)
    local said = vim.list_extend({ "the work is back in " .. result.path }, result.notes)
    words.tell(table.concat(said, "; "))
  end,
  ["athena.workspace.remove"] = function(result)
    local back = result.rescue and "; :Athena recover brings it back" or ""
    local moved = result.movedTo and "; its files are in " .. result.movedTo or ""
    words.tell((result.removed and "removed" or "not removed") .. back .. moved)
  end,
  ["athena.checkpoint.prune"] = function(result)
    local gone = words.count(#result.checkpoints, "checkpoint")
    words.tell(("%s pruned, %d left"):format(gone, result.left))
  end,
}

---@param command athena.Command
---@param params table
---@param result any
function M.show(command, params, result)
  local own, listing = OWN[command.id], LISTINGS[command.id]
  if own then
    return own(result, params)
  elseif listing then
    local rows = result[listing.field]
    if #rows == 0 then
      return words.tell(listing.none)
    end
    local lines, marks = tabulate(listing, rows)
    return M.page(command.word, lines, marks)
  elseif result.done ~= nil and result.files then
    if #result.conflicts > 0 then
      return M.page(command.word, describe({ conflicts = result.conflicts }))
    end
    return require("athena.landing").tell(result, result.done and "done" or "not done")
  elseif result.seq then
    return
  end
  M.page(command.word, describe(result))
end

return M
