function converted = utf8(value)
% bytes = utf8(text), text = utf8(bytes)
%   A text as a row of bytes of UTF-8, or such bytes as a text.

if ischar(value)
  if any(value > 127)
    converted = reshape(uint8(unicode2native(value, 'UTF-8')), 1, []);
  else
    converted = uint8(value);
  end
elseif any(value > 127)
  converted = native2unicode(reshape(value, 1, []), 'UTF-8');
else
  converted = char(reshape(value, 1, []));
end

end
