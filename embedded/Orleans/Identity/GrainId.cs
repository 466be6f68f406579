namespace Orleans.Runtime;

/// <summary>A part of a grain's identity.</summary>
public readonly struct IdSpan : IEquatable<IdSpan>
{
    private readonly string? _value;

    private IdSpan(string value) => _value = value;

    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);

    public static IdSpan Create(string id) => new(id);

    public bool Equals(IdSpan obj) => string.Equals(_value, obj._value, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    public override int GetHashCode() => _value?.GetHashCode(StringComparison.Ordinal) ?? 0;

    public override string ToString() => _value ?? "";
}

/// <summary>Names a grain class: its own name in lower case without "grain" at the end.</summary>
public readonly struct GrainType(IdSpan id) : IEquatable<GrainType>
{
    public IdSpan Value { get; } = id;

    public static bool operator ==(GrainType left, GrainType right) => left.Equals(right);

    public static bool operator !=(GrainType left, GrainType right) => !left.Equals(right);

    public static GrainType Create(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        return new(IdSpan.Create(value));
    }

    public bool Equals(GrainType obj) => Value.Equals(obj.Value);

    public override bool Equals(object? obj) => obj is GrainType other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => Value.ToString();
}

/// <summary>Names one grain: <c>type/key</c>.</summary>
public readonly struct GrainId(GrainType type, IdSpan key) : IEquatable<GrainId>
{
    public GrainType Type { get; } = type;

    public IdSpan Key { get; } = key;

    public static bool operator ==(GrainId left, GrainId right) => left.Equals(right);

    public static bool operator !=(GrainId left, GrainId right) => !left.Equals(right);

    public static GrainId Create(string type, string key) => Create(GrainType.Create(type), key);

    public static GrainId Create(GrainType type, string key)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return new(type, IdSpan.Create(key));
    }

    public static GrainId Create(GrainType type, IdSpan key) => new(type, key);

    public bool Equals(GrainId other) => Key.Equals(other.Key) && Type.Equals(other.Type);

    public override bool Equals(object? obj) => obj is GrainId other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Type, Key);

    public override string ToString() => $"{Type}/{Key}";
}
