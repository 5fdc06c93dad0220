---The connection to Athena: one `athena lsp` through Neovim's own LSP client. When the process ends,
---its exit code says what follows (docs/protocol.md, "Doors").

local async = require("athena.async")
local config = require("athena.config")
local generated = require("athena.generated")

local M = {}

---@alias athena.ConnectionState "off"|"starting"|"running"|"stopped"|"failed"
---@alias athena.Answered fun(failure: athena.Failure?, result: any)

---@class athena.Call
---@field method athena.Method
---@field params table
---@field answered athena.Answered

---@type athena.ConnectionState
M.state = "off"
---@type string? why it is stopped or failed
M.why = nil
---@type athena.SystemInfo?
M.info = nil

local LOST, STOPPED = 75, 69
local TOO_OLD = "this `athena` does not know `lsp`: it is too old, or another program"
---What an exit code means to the user, where the program itself did not say why.
---@type table<integer, string>
local EXIT_WORDS = {
  [2] = TOO_OLD,
  [64] = TOO_OLD,
  [STOPPED] = "Athena was stopped",
  [70] = "Athena does not start",
  [73] = "Athena's state directory cannot be used",
  [76] = "the running Athena is another version; upgrade the older one",
  [77] = "Athena's state directory is not yours",
}
local QUICK_MS, MOST_QUICK, LONGEST_PAUSE_MS = 2000, 5, 5000
local PRIVATE = tonumber("700", 8) --[[@as integer]]
local GROUP = vim.api.nvim_create_augroup("athena.client", {})

---@type integer? id of the LSP client
local client_id
local generation, quick, began = 0, 0, 0
---@type string? the file with what the program says to people
local complaints
---@type table<table, athena.Call> sent and not yet answered
local open = {}
---@type athena.Call[] to be sent when it runs
local waiting = {}
---@type fun(state: athena.ConnectionState)[]
local state_listeners = {}
---@type table<string, fun(params: any)>
local handlers = {}

---@param fn fun(state: athena.ConnectionState)
function M.on_state(fn)
  table.insert(state_listeners, fn)
end

---What to do with a notification of Athena's.
---@param method string
---@param fn fun(params: any)
function M.on_notification(method, fn)
  handlers[method] = fn
end

---@param state athena.ConnectionState
---@param why? string
local function set(state, why)
  M.state, M.why = state, why
  for _, listener in ipairs(state_listeners) do
    listener(state)
  end
end

---@return vim.lsp.Client?
function M.lsp()
  return client_id and vim.lsp.get_client_by_id(client_id) or nil
end

---Methods of a client take it as their first argument since 0.11.
---@param client vim.lsp.Client
---@param name string
local function method(client, name, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

---Whether to send a call again on a new connection: reading is harmless, and with a `commandId`
---or a verdict the second time is no second deed.
---@param call athena.Call
---@return boolean
local function repeatable(call)
  local verb = call.method:match("[^/]+$")
  return call.params.commandId ~= nil
    or vim.tbl_contains({
      "get",
      "list",
      "page",
      "locate",
      "text",
      "file",
      "info",
      "authors",
      "verdict",
      "subscribe",
    }, verb)
end

---@param call athena.Call
local function send(call)
  local client = M.lsp()
  local key = {}
  open[key] = call
  local params = vim.tbl_isempty(call.params) and vim.empty_dict() or call.params
  local sent = client
    and method(client, "request", call.method, params, function(failure, result)
      if open[key] == nil then
        return
      end
      open[key] = nil
      if failure then
        local remedies = type(failure.data) == "table" and failure.data.remedies or nil
        failure.method = call.method
        failure.message = require("athena.remedies").translate(failure.message, remedies)
      elseif type(result) == "table" and result.notes and result.remedies then
        for index, note in ipairs(result.notes) do
          result.notes[index] = require("athena.remedies").translate(note, result.remedies)
        end
      end
      call.answered(failure, result)
    end)
  if not sent and open[key] then
    open[key] = nil
    table.insert(waiting, call)
  end
end

---@param words string
local function give_up(words)
  local calls = waiting
  waiting = {}
  for _, call in ipairs(calls) do
    call.answered({ message = words, method = call.method })
  end
end

---The last thing that the program said to people.
---@return string?
local function last_complaint()
  local ok, lines = pcall(vim.fn.readfile, complaints or "", "", -5)
  for index = ok and #lines or 0, 1, -1 do
    local line = lines[index] --[[@as string]]
    if line:find("%S") then
      return (line:gsub("^athena: ", ""))
    end
  end
end

---Why it ended, and what the user can do.
---@param code integer
---@param signal integer
---@return string
local function reason(code, signal)
  local said = code ~= 2 and code ~= 64 and last_complaint() or nil
  local how = signal ~= 0 and "signal " .. signal or "exit code " .. code
  local words = said or EXIT_WORDS[code] or ("Athena ended right after its start (%s)"):format(how)
  local remedy = code == STOPPED and "starts it again" or "tries again"
  return ("%s\n:Athena restart %s; :checkhealth athena says more."):format(
    words:find("[.!?]$") and words or words .. ".",
    remedy
  )
end

---@type fun()
local connect

---@param mine integer
---@param code integer
---@param signal integer
local function ended(mine, code, signal)
  if mine ~= generation then
    return
  end
  client_id, M.info = nil, nil
  quick = vim.uv.now() - began < QUICK_MS and quick + 1 or 0
  local cut = open
  open = {}
  local lost = {}
  for _, call in pairs(cut) do
    table.insert(repeatable(call) and waiting or lost, call)
  end
  local again = code == LOST or (not EXIT_WORDS[code] and quick < MOST_QUICK)
  if again then
    set("starting")
    local pause = quick <= 1 and 0 or math.min(LONGEST_PAUSE_MS, 100 * math.floor(2 ^ (quick - 1)))
    vim.defer_fn(function()
      if mine == generation then
        connect()
      end
    end, pause)
  else
    local words = reason(code, signal)
    set(code == STOPPED and "stopped" or "failed", vim.split(words, "\n")[1])
    give_up(words)
    require("athena.words").tell(words, vim.log.levels.WARN)
  end
  for _, call in ipairs(lost) do
    local words = "the connection broke before the answer; look whether it was done"
    call.answered({ message = words, method = call.method })
  end
end

---@param buffer integer
local function attach(buffer)
  local named = vim.api.nvim_buf_get_name(buffer)
  if
    client_id
    and config.get().attach
    and vim.bo[buffer].buftype == ""
    and named ~= ""
    and not named:find("^%w+://")
    and vim.api.nvim_buf_is_loaded(buffer)
  then
    vim.lsp.buf_attach_client(buffer, client_id)
  end
end

local function attach_all()
  vim.tbl_map(attach, vim.api.nvim_list_bufs())
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "BufFilePost" }, {
    group = GROUP,
    callback = function(event)
      attach(event.buf)
    end,
  })
end

---@param mine integer
local function greet(mine)
  send({
    method = "athena/system/info",
    params = {},
    answered = function(failure, info)
      if mine ~= generation or failure then
        return
      end
      if info.protocol ~= generated.protocol_version then
        M.stop()
        local words = ("Athena %s speaks protocol %d, this plugin %d; update the older one"):format(
          info.version,
          info.protocol,
          generated.protocol_version
        )
        set("failed", words)
        give_up(words)
        return
      end
      M.info = info
      set("running")
      attach_all()
      local calls = waiting
      waiting = {}
      vim.tbl_map(send, calls)
    end,
  })
end

---The program, with what it says to people in a file: Neovim would only write it into its log.
---@param command string[]
---@return string[]
local function with_complaints(command)
  complaints = complaints or vim.fn.tempname()
  vim.fn.mkdir(vim.fs.dirname(complaints), "p", PRIVATE --[[@as any]])
  return vim.list_extend({ "/bin/sh", "-c", 'exec "$@" 2>"$0"', complaints }, command)
end

---@param mine integer
---@param command string[]
---@return vim.lsp.ClientConfig
local function specification(mine, command)
  local heard = {}
  for name, handler in pairs(handlers) do
    heard[name] = function(_, params)
      if mine == generation then
        handler(params)
      end
    end
  end
  local cwd = vim.fn.getcwd()
  return {
    name = "athena",
    cmd = function(dispatchers)
      local ours = vim.tbl_extend("force", {}, dispatchers) --[[@as vim.lsp.rpc.Dispatchers]]
      -- Neovim would warn of each code but 0; what a code means is decided here.
      ours.on_exit = function(code, signal)
        vim.schedule(function()
          ended(mine, code, signal)
        end)
        dispatchers.on_exit(0, 0)
      end
      return vim.lsp.rpc.start(
        with_complaints(command),
        ours,
        { cwd = cwd, env = config.get().env }
      )
    end,
    root_dir = cwd,
    workspace_folders = { { uri = vim.uri_from_fname(cwd), name = vim.fs.basename(cwd) } },
    handlers = heard,
    -- Requests, progress, messages and commands have views of their own here.
    init_options = {
      athena = { requests = false, progress = false, messages = false, commands = false },
    },
    on_init = function()
      if mine == generation then
        greet(mine)
      end
    end,
  }
end

connect = function()
  generation = generation + 1
  local mine = generation
  local command = config.program("lsp")
  if not command then
    local words = "the program `athena` is not found; :checkhealth athena says how to install it"
    set("failed", words)
    give_up(words)
    return
  end
  set("starting")
  began = vim.uv.now()
  local spec = specification(mine, command)
  if vim.fn.has("nvim-0.11") == 1 then
    client_id = vim.lsp.start(spec, {
      attach = false,
      reuse_client = function()
        return false
      end,
    })
  else
    client_id = vim.lsp.start_client(spec)
  end
  if not client_id then
    local words = ("%s cannot be started"):format(command[1])
    set("failed", words)
    give_up(words)
  end
end

---Connect if it is not connected. The user asked for it, so also after Athena was stopped.
function M.start()
  if M.state ~= "running" and M.state ~= "starting" then
    quick = 0
    connect()
  end
end

---Disconnect. Agents go on; Athena itself is not ended.
function M.stop()
  generation = generation + 1
  local client = M.lsp()
  client_id, M.info = nil, nil
  set("off")
  if client then
    method(client, "stop")
  end
end

function M.restart()
  M.stop()
  M.start()
end

---Send a request, as soon as there is a connection.
---@param name athena.Method
---@param params? table
---@param answered athena.Answered
function M.request(name, params, answered)
  local call = { method = name, params = params or {}, answered = answered }
  M.start()
  if M.state == "running" then
    send(call)
  elseif M.state == "failed" then
    answered({ message = M.why or "not connected", method = name })
  else
    table.insert(waiting, call)
  end
end

---The result of a request, inside of `async.run`; raises an `athena.Failure`.
---@param name athena.Method
---@param params? table
---@return any
function M.call(name, params)
  local failure, result = async.await(function(resume)
    M.request(name, params, resume)
  end)
  if failure then
    error(failure, 0)
  end
  return result
end

---The result of a request that is answered quickly, for places that cannot wait otherwise, such as
---completion; nil when there is none in time.
---@param name athena.Method
---@param params? table
---@param timeout? integer milliseconds
---@return any
function M.now(name, params, timeout)
  local result
  M.request(name, params, function(_, found)
    result = found
  end)
  -- The first one waits for Athena's start too.
  vim.wait(timeout or (M.state == "running" and 5000 or 10000), function()
    return result ~= nil
  end, 5)
  return result
end

---A new id for a deed of the user, so that it can be sent again and is done once.
---@return string
function M.command_id()
  return ("%08x%08x"):format(math.random(0, 0x7fffffff), vim.uv.hrtime() % 0x7fffffff)
end

return M
