---Lengths in UTF-16 code units, in which Athena and LSP count. Neovim's own functions for it take
---their arguments in another order from 0.11 on.

local M = {}

---The beginning of a text.
---@param text string
---@param units integer
---@return string
function M.head(text, units)
  if units >= #text then
    return text
  elseif units == 0 then
    return ""
  end
  local counted = 0
  local bytes = 0
  for character in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    if counted >= units then
      return text:sub(1, bytes)
    end
    bytes = bytes + #character
    counted = counted + (#character == 4 and 2 or 1)
  end
  return text
end

return M
