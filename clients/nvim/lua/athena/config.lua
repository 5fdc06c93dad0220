---What the user may set, with `require("athena").setup {}` or `vim.g.athena`.

local M = {}

---@class athena.Config
---@field command? string[] the command line that runs Athena; nil: `athena` on the PATH
---@field env table<string, string> variables for Athena, on top of Neovim's own
---@field prefix? string maps the keys of the catalogue after it, such as `<Leader>a`
---@field attach boolean whether Athena is attached to files as a language server
---@field notify boolean whether requests of agents appear by themselves, without taking the focus
---@field open_on_spawn boolean whether the transcript of a new agent opens
---@field layout "auto"|"vertical"|"horizontal" how the two sides of a diff stand
---@field page integer how many items of a transcript are fetched at once
---@field icons athena.Icons
---@field keys table<string, table<string, string|false>> by view: action to key, or false for none

---@class athena.Icons
---@field starting string
---@field working string
---@field waiting string
---@field idle string
---@field done string
---@field interrupted string
---@field failed string
---@field dead string
---@field accepted string
---@field rejected string
---@field open string
---@field comment string

---@type athena.Config
local defaults = {
  command = nil,
  env = {},
  prefix = nil,
  attach = true,
  notify = true,
  open_on_spawn = true,
  layout = "auto",
  page = 100,
  icons = {
    starting = "◌",
    working = "●",
    waiting = "!",
    idle = "○",
    done = "✓",
    interrupted = "‖",
    failed = "✗",
    dead = "†",
    accepted = "✓",
    rejected = "✗",
    open = "│",
    comment = "»",
  },
  keys = {},
}

---@type athena.Config?
local current

---@param opts? table
---@return athena.Config
function M.set(opts)
  local unknown = {}
  for name in pairs(opts or {}) do
    if defaults[name] == nil and name ~= "command" and name ~= "prefix" then
      table.insert(unknown, name)
    end
  end
  if #unknown > 0 then
    table.sort(unknown)
    local words = ("athena: no such option: %s (see :help athena-options)"):format(
      table.concat(unknown, ", ")
    )
    vim.notify(words, vim.log.levels.WARN)
  end
  current = vim.tbl_deep_extend("force", vim.deepcopy(defaults), opts or {})
  return current
end

---@return athena.Config
function M.get()
  return current or M.set(vim.g.athena)
end

---The command line of Athena's program with some arguments; nil when there is no program.
---@param ... string
---@return string[]?
function M.program(...)
  local command = M.get().command or { "athena" }
  if vim.fn.executable(command[1]) == 0 then
    return nil
  end
  return vim.list_extend(vim.deepcopy(command), { ... })
end

return M
