namespace Mesh.Tls;

/// <summary>What a look at some files found.</summary>
public enum ReloadOutcome
{
    /// <summary>They are as they were, or were changed a moment ago into what does not load (yet).</summary>
    Unchanged,

    /// <summary>They have changed, and what they say now is in force.</summary>
    Loaded,

    /// <summary>They have changed, and two looks in a row could not load them: what was loaded last stays in force. Said once.</summary>
    Failed,
}

/// <summary>
/// Something made of files, and made anew when they change: certificates are replaced every few hours, and nobody should have to restart anything for it.
/// What was made last stays in force when what the files say now does not load.
/// <para>
/// Their contents are compared, not watched for changes: a mounted secret changes by a link that points elsewhere, which watchers do not report, and times of
/// writing can be kept. A certificate and its key cannot be replaced in one step, so that the first look that fails is forgiven.
/// </para>
/// </summary>
/// <typeparam name="T">What is made of them.</typeparam>
public sealed class Reloading<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<PemFile> _files;
    private readonly Func<T> _load;
    private string[] _seen;
    private int _failures;
    private volatile T _current;

    /// <summary>Loads it for the first time.</summary>
    /// <param name="files">What it is made of.</param>
    /// <param name="load">Reads the files and makes it.</param>
    /// <exception cref="TlsFileException">It cannot be made.</exception>
    public Reloading(IReadOnlyList<PemFile> files, Func<T> load)
    {
        (_files, _load) = (files, load);
        _seen = Read();
        _current = load();
    }

    /// <summary>What loaded last.</summary>
    public T Current => _current;

    /// <summary>Looks whether the files have changed.</summary>
    public (ReloadOutcome Outcome, string? Problem) Look()
    {
        lock (_gate)
        {
            var texts = Read();
            var same = texts.AsSpan().SequenceEqual(_seen);
            if (same && _failures == 0)
            {
                return (ReloadOutcome.Unchanged, null);
            }

            _seen = texts;
            try
            {
                _current = _load();
                _failures = 0;
                return (ReloadOutcome.Loaded, null);
            }
            catch (TlsFileException wrong)
            {
                // Tried again at each look: what is wrong may be the time.
                _failures = same ? Math.Min(_failures + 1, 3) : 1;
                return _failures == 2 ? (ReloadOutcome.Failed, wrong.Message) : (ReloadOutcome.Unchanged, null);
            }
        }
    }

    private string[] Read() => [.. _files.Select(static file =>
    {
        try
        {
            return file.Read();
        }
        catch (TlsFileException)
        {
            return "";
        }
    })];
}
