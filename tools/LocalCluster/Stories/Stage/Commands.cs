using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Mesh.Local.Stories.Stage;

/// <summary>A command, and what came of it.</summary>
/// <param name="Operation">Its id, the same in each attempt.</param>
/// <param name="What">Method and path.</param>
/// <param name="Status">The last answer; null when there was none.</param>
/// <param name="Body">What it said.</param>
/// <param name="Attempts">How often it was sent.</param>
/// <param name="Refused">Answers 503 among them.</param>
/// <param name="Unanswered">Attempts that nobody answered: whether they were done is not known.</param>
/// <param name="Stale">Answers 404 of gateways that had not heard yet of what another one had made.</param>
/// <param name="Took">From the first attempt to the last answer.</param>
internal sealed record CommandRecord(
    string Operation, string What, HttpStatusCode? Status, string Body, int Attempts, int Refused, int Unanswered, int Stale, TimeSpan Took)
{
    public bool Acknowledged => (int?)Status is >= 200 and < 300;
}

/// <summary>
/// A client of the mesh's REST API that does what the documentation asks for: any gateway will do; on 503, or when nobody answers, the same command
/// is sent again with the same operation id, elsewhere. Gateways are taken in turn, so that every one of them is used all the time.
/// </summary>
internal sealed class Commands(IReadOnlyList<Uri> gateways, string name) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StaleLimit = TimeSpan.FromSeconds(3);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(6) };
    private int _turn;
    private int _operations;

    /// <summary>Every command that was sent.</summary>
    public ConcurrentQueue<CommandRecord> Records { get; } = new();

    public Task<CommandRecord> Put(string path, string body, string type = "application/json") => Send(HttpMethod.Put, path, body, type);

    public Task<CommandRecord> Post(string path, string body = "{}") => Send(HttpMethod.Post, path, body, "application/json");

    public Task<CommandRecord> Delete(string path) => Send(HttpMethod.Delete, path, null, "");

    public void Dispose() => _http.Dispose();

    private async Task<CommandRecord> Send(HttpMethod method, string path, string? body, string type)
    {
        var operation = string.Create(CultureInfo.InvariantCulture, $"{name}-{Interlocked.Increment(ref _operations)}");
        var record = new CommandRecord(operation, $"{method} {path}", null, "", 0, 0, 0, 0, TimeSpan.Zero);
        var start = Stopwatch.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(50);
        while (true)
        {
            record = await Attempt(record, method, path, body, type);
            record = record with { Took = Stopwatch.GetElapsedTime(start) };
            var stale = record.Status == HttpStatusCode.NotFound && record.Took < StaleLimit;
            var again = record.Status is null or HttpStatusCode.ServiceUnavailable || stale;
            if (!again || record.Took > Limit)
            {
                Records.Enqueue(record);
                return record;
            }

            record = record with { Stale = record.Stale + (stale ? 1 : 0) };
            await Task.Delay(pause);
            pause = pause * 2 > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause * 2;
        }
    }

    private async Task<CommandRecord> Attempt(CommandRecord record, HttpMethod method, string path, string? body, string type)
    {
        record = record with { Attempts = record.Attempts + 1, Status = null, Body = "" };
        try
        {
            var gateway = gateways[Interlocked.Increment(ref _turn) % gateways.Count];
            using var request = new HttpRequestMessage(method, new Uri(gateway, path));
            request.Headers.Add("Idempotency-Key", record.Operation);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
            using var answer = await _http.SendAsync(request);
            record = record with { Status = answer.StatusCode, Body = await answer.Content.ReadAsStringAsync() };
            return record.Status == HttpStatusCode.ServiceUnavailable ? record with { Refused = record.Refused + 1 } : record;
        }
        catch (Exception lost) when (lost is HttpRequestException or TaskCanceledException or IOException)
        {
            return record with { Status = null, Unanswered = record.Unanswered + 1, Body = lost.Message };
        }
    }
}
