using System.Globalization;
using System.Text.Json;
using Mesh.Core;

namespace Mesh.Gateway.Rest.Documents;

/// <summary>
/// Takes a JSON object apart field by field and gathers all that is wrong with it. A serializer would stop at the first wrong field and
/// could not say what would be right.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly List<Problem> _problems;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public JsonFields(JsonElement element, List<Problem> problems, string path = "")
    {
        (_problems, _path) = (problems, path);
        if (element.ValueKind == JsonValueKind.Object)
        {
            _object = element;
        }
        else
        {
            Refuse("", element, "This is not an object.", "Write { … }.");
        }
    }

    public string? Text(string name, int longest = 253)
    {
        if (!Find(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Refuse(name, value, "This is not text.", "Write it in quotes.");
            return null;
        }

        var text = value.GetString()!;
        if (text.Length > longest)
        {
            Refuse(name, value, $"This is longer than {longest} characters.", "Shorten it.");
            return null;
        }

        return text;
    }

    public int? Number(string name, int least, int most)
    {
        if (!Find(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Refuse(name, value, "This is not a whole number in range.", $"Use {least} to {most.ToString(CultureInfo.InvariantCulture)}.");
        return null;
    }

    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most)
    {
        if (Text(name, 64) is not { } text)
        {
            return null;
        }

        if (DurationText.TryParse(text, out var duration) && duration >= least && duration <= most)
        {
            return duration;
        }

        Refuse(
            name, _object.GetProperty(name), "This is not a duration in range.",
            $"Write it like 30s or 500ms, from {DurationText.Format(least)} to {DurationText.Format(most)}.");
        return null;
    }

    public JsonFields? Object(string name) => Find(name, out var value) ? new JsonFields(value, _problems, Path(name)) : null;

    public IEnumerable<(string Name, JsonElement Value)> All()
    {
        if (_object.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in _object.EnumerateObject())
            {
                _known.Add(property.Name);
                yield return (property.Name, property.Value);
            }
        }
    }

    public void Refuse(string name, JsonElement? value, string detail, string remedy) =>
        _problems.Add(new Problem(ProblemKind.Invalid, Path(name), value is { ValueKind: JsonValueKind.String } text ? text.GetString() : value?.GetRawText(), detail, remedy));

    /// <summary>Refuses what nobody asked for; call it last.</summary>
    public void NothingElse()
    {
        if (_object.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in _object.EnumerateObject().Where(property => !_known.Contains(property.Name)))
            {
                Refuse(property.Name, property.Value, "There is no such field.", $"The fields are {string.Join(", ", _known)}.");
            }
        }
    }

    private bool Find(string name, out JsonElement value)
    {
        _known.Add(name);
        value = default;
        return _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private string Path(string name) => _path.Length == 0 ? name : name.Length == 0 ? _path : $"{_path}.{name}";
}
