namespace Mesh.Rpc.Tests.Support;

/// <summary>How long a test waits for what must happen: far longer than it takes, so that only a hang gets there.</summary>
public static class Patience
{
    public static CancellationToken Token
    {
        get
        {
            // Never disposed: its token outlives the caller, and it goes with the test.
            var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromMinutes(1));
            return limit.Token;
        }
    }
}
