using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>Headers or trailers of a call, in order; a key may repeat, and keys that end in "-bin" carry bytes.</summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    public const string BinaryHeaderSuffix = "-bin";

    public static readonly Metadata Empty = new() { IsReadOnly = true };

    private readonly List<Entry> entries = [];

    public int Count => entries.Count;

    public bool IsReadOnly { get; private init; }

    public Entry this[int index]
    {
        get => entries[index];
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Writable()[index] = value;
        }
    }

    /// <summary>The last entry with this key, or null.</summary>
    public Entry? Get(string key) => entries.FindLast(entry => entry.Has(key));

    public string? GetValue(string key) => Get(key)?.Value;

    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerable<Entry> GetAll(string key) => entries.Where(entry => entry.Has(key));

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    public void Add(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        Writable().Add(item);
    }

    public void Insert(int index, Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        Writable().Insert(index, item);
    }

    public void RemoveAt(int index) => Writable().RemoveAt(index);

    public bool Remove(Entry item) => Writable().Remove(item);

    public void Clear() => Writable().Clear();

    public int IndexOf(Entry item) => entries.IndexOf(item);

    public bool Contains(Entry item) => entries.Contains(item);

    public void CopyTo(Entry[] array, int arrayIndex) => entries.CopyTo(array, arrayIndex);

    public IEnumerator<Entry> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => entries.GetEnumerator();

    private List<Entry> Writable() => IsReadOnly ? throw new InvalidOperationException("Object is read only") : entries;

    /// <summary>One key with its text or, when the key ends in "-bin", its bytes. Immutable.</summary>
    public class Entry
    {
        private readonly string? text;
        private readonly byte[]? bytes;

        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = Normalize(key);
            if (!IsBinaryKey(Key))
            {
                throw new ArgumentException($"The key '{key}' carries bytes and needs the suffix '{BinaryHeaderSuffix}'.", nameof(key));
            }
            bytes = [.. valueBytes];
        }

        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = Normalize(key);
            if (IsBinaryKey(Key))
            {
                throw new ArgumentException($"The key '{key}' carries text and cannot have the suffix '{BinaryHeaderSuffix}'.", nameof(key));
            }
            text = value;
        }

        public string Key { get; }

        public bool IsBinary => text is null;

        public byte[] ValueBytes => bytes is null ? Encoding.ASCII.GetBytes(text!) : [.. bytes];

        public string Value => text ?? throw new InvalidOperationException("Cannot access string value of a binary metadata entry");

        internal string WireValue => text ?? Convert.ToBase64String(bytes!);

        public override string ToString() =>
            IsBinary ? $"[Entry: key={Key}, valueBytes={bytes}]" : $"[Entry: key={Key}, value={text}]";

        internal static bool IsBinaryKey(string key) => key.EndsWith(BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase);

        internal bool Has(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);

        private static string Normalize(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            foreach (var c in key)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))
                {
                    throw new ArgumentException($"The key '{key}' is not valid: letters, digits, '_', '-' and '.' only.", nameof(key));
                }
            }
            return key.ToLowerInvariant();
        }
    }
}
